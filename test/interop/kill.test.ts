/**
 * An upstream connection that is killed twenty times at bytes drawn at random, in front of clients that stay. The seed is
 * printed; `KILL_SEED` repeats a run, and `KILL_SEED=random` draws another one.
 */
import t from 'tap';
import { FaultProxy } from '../helpers/fault-proxy.js';
import { killSchedule } from '../helpers/kill-schedule.js';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { SseClient } from '../helpers/sse-client.js';
import { listenGateway } from './gateway.js';
import { scrape } from './scrape.js';

const CLIENTS = 50;
const KILLS = 20;
const PER_SECOND = 2_000;

const { KILL_SEED = '20240229' } = process.env;
const seed = KILL_SEED === 'random' ? Math.floor(Math.random() * 2 ** 32) : Number(KILL_SEED);

t.test(
  'twenty kills of a replaying upstream, a third of them inside an event, leave no trace at any client',
  async (t) => {
    t.comment(`KILL_SEED=${seed}`);
    const upstream = await ScriptedUpstream.listen({ retryMs: 10, dataBytes: 120 });
    t.teardown(() => upstream.close());
    const proxy = await FaultProxy.listen(upstream.port);
    t.teardown(() => proxy.close());
    const url = `http://127.0.0.1:${proxy.port}/events`;
    const gateway = await listenGateway(t, { channels: { events: { url, replay: true } } });
    const clients = Array.from({ length: CLIENTS }, () => {
      const client = new SseClient({ port: gateway.port, keep: 'check' });
      t.teardown(() => client.destroy());
      return client;
    });
    await Promise.all(clients.map((client) => client.opened()));
    upstream.start(PER_SECOND);
    // Before its first event an upstream has no id to be resumed by.
    await Promise.all(clients.map((client) => client.waitFor(1)));

    for (const [at, kill] of killSchedule(seed, KILLS).entries()) {
      proxy.cutAfter(kill.after, kill);
      await proxy.waitForCuts(at + 1);
      await upstream.waitForRequests(at + 2);
    }
    upstream.stop();
    const last = upstream.publishNumbered();
    await Promise.all(clients.map((client) => client.waitFor(({ check }) => check?.last === last)));

    const inside = proxy.cuts.filter((cut) => cut.inside).length;
    t.comment(`${last} events, ${proxy.cuts.length} cuts, ${inside} of them inside an event`);
    t.equal(proxy.cuts.length, KILLS);
    t.ok(inside >= KILLS / 3, `${inside} cuts inside an event`);
    t.equal(upstream.streamsTotal, KILLS + 1, 'every kill was followed by one connection');
    for (const { check, ended } of clients) {
      t.ok(check?.contiguous && check.first === 1 && check.events === last, `${check}`);
      t.equal(ended, undefined, 'the client stayed');
    }
    const metrics = await scrape(gateway.port);
    t.equal(metrics.sum('events_in_total'), last);
    t.equal(metrics.sum('gaps_total'), 0);
    t.equal(metrics.sum('upstream_reconnects_total', { outcome: 'ok' }), KILLS);
  },
);
