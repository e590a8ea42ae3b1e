/**
 * Clients that stand behind what a full log still holds, while new events push its floor on: what is read for them alone
 * must lead to a place in the log that is still there when they arrive.
 */
import t from 'tap';
import { ScriptedUpstream } from '../helpers/scripted-upstream.js';
import { until } from '../helpers/waits.js';
import { listenGateway } from '../interop/gateway.js';
import { Account } from './fixtures/account.js';
import { settledBooks } from './fixtures/books.js';
import { FULL, seeded, TIMEOUT_MS } from './fixtures/form.js';
import { NativeClient } from './fixtures/native-client.js';

t.setTimeout(TIMEOUT_MS);

const HISTORY = 4_000;
const RETAINED = 1_000;
const CLIENTS = FULL ? 300 : 60;
const PER_SECOND = 500;

t.test('clients from behind a full log join it without a hole', { timeout: TIMEOUT_MS }, async (t) => {
  const { whole } = seeded(t);
  const upstream = await ScriptedUpstream.listen({ history: 1_000_000 });
  t.teardown(() => upstream.close());
  upstream.publishNumbered(HISTORY);
  const gateway = await listenGateway(t, {
    channels: { events: { url: upstream.url, replay: true, resumeWaitMs: 50, retainEvents: RETAINED } },
  });
  const connect = (n: number): NativeClient => {
    const account = new Account(n);
    const client = new NativeClient({
      port: gateway.port,
      path: '/events/events',
      account,
      lastEventId: String(n),
    });
    t.teardown(() => client.stop());
    return client;
  };
  const first = connect(HISTORY - 2 * RETAINED);
  await first.waitFor(() => first.account.last === HISTORY, 'the history', 10_000);
  upstream.start(PER_SECOND);
  const standing = Array.from({ length: CLIENTS }, () => whole(1, HISTORY - 2 * RETAINED));
  const clients = standing.map(connect);
  const arrived = (last: number) => clients.filter(({ account }) => account.last >= last).length;
  const everybody = (last: number) =>
    until(
      () => arrived(last) === CLIENTS,
      () => `${arrived(last)} of ${CLIENTS} have ${last}`,
      60_000,
    );
  await everybody(HISTORY);
  upstream.stop();
  const last = upstream.publishNumbered();
  await everybody(last);
  for (const [at, { account }] of clients.entries()) {
    const complete = account.faults.length === 0 && account.gaps === 0;
    if (!complete || account.events !== last - standing[at]!) t.fail(`stood at ${standing[at]}: ${account}`);
  }
  const books = await settledBooks(gateway.port);
  t.equal(books.off, 0, 'the books balance');
  t.equal(books.gaps, 0);
  t.comment(`${last} events, ${upstream.requests.length} requests upstream`);
});
