/** Every way in which a client's stream ends, and every way in which an event offered to it is dropped. */
import type { ChannelOptions } from '../../../src/options.js';
import type { SseClient } from '../../helpers/sse-client.js';
import { until } from '../../helpers/waits.js';
import type { Served } from '../../plugins/serve.js';
import type { BookCases } from './books-case.js';

const left = (reason: string): string => `client_disconnects_total{reason="${reason}"}`;
const dropped = (reason: string): string => `events_dropped_total{reason="${reason}"}`;

/** More than the kernel takes on its own for a client that reads nothing. */
const BIG = 10 * 1_024 * 1_024;
const ROOM: ChannelOptions = { retainBytes: 4 * BIG, heartbeatMs: 100, lingerMs: 60_000 };

const live = async (gateway: Served): Promise<SseClient[]> => [await gateway.live()];
const publish = ({ app }: Served, data = 'x'): void => app.sseGateway.publish('prices', { id: 'a', data });

/** A client that has read an event, and that another one waits for. */
const waiting = async (gateway: Served): Promise<SseClient[]> => {
  const client = await gateway.live();
  publish(gateway);
  await client.waitFor(1);
  publish(gateway);
  return [client];
};
const COALESCED: ChannelOptions = { coalesceMs: 60_000, lingerMs: 60_000 };

/** A client that reads nothing, with so large an event under way that it never comes to an end. */
const stuck = async (gateway: Served): Promise<SseClient[]> => {
  const client = await gateway.live({ keep: 'last' });
  client.pause();
  publish(gateway, 'x'.repeat(BIG));
  return [client];
};
/** The same with another event behind it. */
const stuckBefore = async (gateway: Served): Promise<SseClient[]> => {
  const clients = await stuck(gateway);
  publish(gateway);
  return clients;
};
const trimmed = async ({ app }: Served): Promise<void> => {
  const channel = () => app.sseGateway.stats().channels['prices'];
  await until(
    () => channel()?.log.events === 0,
    () => `still retained: ${JSON.stringify(channel())}`,
  );
};

/** The client reads again when its second is well over. */
const overdue = async (gateway: Served, [client]: SseClient[]): Promise<void> => {
  const began = performance.now();
  await until(
    () => performance.now() - began > 1_500,
    () => `${gateway.subscribers} subscribers`,
  );
  client!.resume();
};

export const CLIENT_BOOKS: BookCases = {
  'a client leaves': {
    before: live,
    inject: (_gateway, [client]) => client!.destroy(),
    moves: [left('client-closed')],
  },
  'a client leaves before an event': {
    channel: COALESCED,
    before: waiting,
    inject: (_gateway, [client]) => client!.destroy(),
    moves: [dropped('client-closed'), left('client-closed')],
  },
  'a client resets its connection': {
    before: live,
    inject: (_gateway, [client]) => client!.reset(),
    moves: [left('write-failed')],
  },
  'a client resets its connection before an event': {
    channel: COALESCED,
    before: waiting,
    inject: (_gateway, [client]) => client!.reset(),
    moves: [dropped('write-failed'), left('write-failed')],
  },
  'a client takes nothing of an event': {
    channel: { ...ROOM, stalledMs: 300 },
    before: stuck,
    inject: () => undefined,
    moves: [dropped('aborted'), left('stalled')],
  },
  'a client takes nothing, and an event waits': {
    channel: { ...ROOM, stalledMs: 300 },
    before: stuckBefore,
    inject: () => undefined,
    moves: [dropped('stalled'), dropped('aborted'), left('stalled')],
  },
  'a client falls below the floor': {
    channel: { ...ROOM, retainAgeMs: 500, onSlow: 'disconnect' },
    before: stuckBefore,
    inject: () => undefined,
    moves: [left('lagged'), dropped('lagged'), dropped('aborted')],
  },
  'a client falls below the floor and may go on': {
    channel: { ...ROOM, retainAgeMs: 500, onSlow: 'skip' },
    before: stuckBefore,
    inject: async (gateway, [client]) => {
      await trimmed(gateway);
      client!.resume();
    },
    moves: ['gaps_total{reason="lagged"}', dropped('lagged')],
  },
  'a client waits for an id in vain, where gaps are rejected': {
    channel: { onGap: 'reject', resumeWaitMs: 1_000, heartbeatMs: 100 },
    before: live,
    inject: (gateway) => gateway.client({ lastEventId: 'what' }).waitForClose(),
    moves: [left('gap-rejected'), 'gaps_total{reason="unknown-id"}', 'resumes_total{outcome="gap"}'],
  },
  'a client stands before a break, where gaps are rejected': {
    channel: { onGap: 'reject', replay: false, backoffMinMs: 1, backoffBaseMs: 1 },
    before: async (gateway) => {
      const client = await gateway.live();
      gateway.upstream.publishNumbered(1);
      return [await client.waitFor(1)];
    },
    inject: (gateway) => gateway.upstream.endAll(),
    moves: [
      dropped('gap-rejected'),
      left('gap-rejected'),
      'gaps_total{reason="upstream"}',
      'upstream_disconnects_total{reason="ended"}',
      'upstream_connects_total{outcome="ok"}',
      'upstream_reconnects_total{outcome="ok"}',
    ],
  },
  'a stream is as old as it may get': {
    channel: { always: true, maxAgeMs: 200, heartbeatMs: 100 },
    before: async (gateway) => {
      await gateway.upstream.waitForConnections(1);
      return [];
    },
    inject: (gateway) => gateway.client().waitForClose(),
    moves: [left('max-age'), 'resumes_total{outcome="fresh"}'],
  },
  'a stream is as old as it may get, and an event waits': {
    channel: { ...ROOM, maxAgeMs: 1_000 },
    before: stuckBefore,
    inject: overdue,
    moves: [dropped('max-age'), left('max-age')],
  },
  'what a client showed expires': {
    channel: { always: true },
    gateway: { expiresAt: () => new Date(Date.now() + 200) },
    before: async (gateway) => {
      await gateway.upstream.waitForConnections(1);
      return [];
    },
    inject: (gateway) => gateway.client().waitForClose(),
    moves: [left('unauthorized'), 'resumes_total{outcome="fresh"}'],
  },
  'what a client showed expires, and an event waits': {
    channel: ROOM,
    gateway: { expiresAt: () => new Date(Date.now() + 1_000) },
    before: stuckBefore,
    inject: overdue,
    moves: [dropped('unauthorized'), left('unauthorized')],
  },
  'an upstream stops for good': {
    channel: { backoffMinMs: 1, backoffBaseMs: 1 },
    before: live,
    inject: ({ upstream }) => {
      upstream.respond({ status: 404 });
      upstream.endAll();
    },
    moves: [
      left('upstream-failed'),
      'upstream_disconnects_total{reason="ended"}',
      'upstream_connects_total{outcome="failed"}',
      'upstream_reconnects_total{outcome="failed"}',
    ],
  },
  'an upstream stops for good, and an event waits': {
    channel: { ...ROOM, backoffMinMs: 1, backoffBaseMs: 1 },
    before: stuckBefore,
    inject: async (gateway, [client]) => {
      gateway.upstream.respond({ status: 404 });
      gateway.upstream.endAll();
      await gateway.waitForState('failed');
      client!.resume();
    },
    moves: [
      dropped('upstream-failed'),
      left('upstream-failed'),
      'upstream_disconnects_total{reason="ended"}',
      'upstream_connects_total{outcome="failed"}',
      'upstream_reconnects_total{outcome="failed"}',
    ],
  },
  'a client is disconnected': {
    before: live,
    inject: ({ app }) => app.sseGateway.disconnect(() => true),
    moves: [left('disconnected')],
  },
  'a client is disconnected, and an event waits': {
    channel: ROOM,
    before: stuckBefore,
    inject: ({ app }, [client]) => {
      app.sseGateway.disconnect(() => true);
      client!.resume();
    },
    moves: [dropped('disconnected'), left('disconnected')],
  },
  'a gateway is drained': {
    before: live,
    inject: ({ app }) => app.sseGateway.drain(),
    moves: [left('drain')],
  },
  'a gateway is drained, and an event waits': {
    channel: ROOM,
    before: stuckBefore,
    inject: ({ app }, [client]) => {
      const drained = app.sseGateway.drain();
      client!.resume();
      return drained;
    },
    moves: [dropped('drain'), left('drain')],
  },
  'a gateway is closed before a client that takes nothing': {
    channel: ROOM,
    before: stuckBefore,
    inject: ({ app }) => app.close(),
    moves: [
      left('shutdown'),
      dropped('shutdown'),
      dropped('aborted'),
      'upstream_disconnects_total{reason="shutdown"}',
    ],
  },
};
