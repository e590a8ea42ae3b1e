/** What clients do, and which series of `/metrics` that moves by how much; see metrics.test.ts. */
import { type Case, frame, live, positive } from './metric-case.js';
import { scrape } from './scrape.js';

const terminal = {
  'connections_refused_total{reason="failed"}': 1,
  'upstream_connects_total{outcome="failed"}': 1,
  'upstreams{state="failed"}': 1,
};

export const CLIENT_CASES: Record<string, Case> = {
  'a first client': {
    cause: async (gateway) => {
      await gateway.live();
      return {
        subscribers: 1,
        'resumes_total{outcome="fresh"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstreams{state="open"}': 1,
      };
    },
  },
  'one more': {
    before: live,
    cause: async (gateway) => {
      await gateway.reader();
      return { subscribers: 1, 'resumes_total{outcome="fresh"}': 1 };
    },
  },
  'a heartbeat is no event': {
    options: { heartbeatMs: 100 },
    before: live,
    cause: async (_gateway, [client]) => {
      await client!.waitFor(({ commentCount }) => commentCount > 1, 'a heartbeat');
      return {
        subscriber_lag_bytes_count: positive,
        'subscriber_lag_bytes_bucket{le="0"}': positive,
        subscriber_lag_bytes_sum: 0,
      };
    },
  },
  'a client that leaves': {
    before: async (gateway) => [await gateway.live(), await gateway.reader()],
    cause: async (_gateway, [client]) => {
      client!.destroy();
      return { subscribers: -1, 'client_disconnects_total{reason="client-closed"}': 1 };
    },
  },
  'a client that comes back': {
    before: async (gateway) => {
      const client = await gateway.live();
      gateway.upstream.publishNumbered(3);
      return [await client.waitFor(3)];
    },
    cause: async (gateway, [first]) => {
      const client = await gateway.reader({ lastEventId: '1' });
      await client.waitFor(2);
      const bytes = first!.body.length - first!.body.indexOf('id: 2\n');
      return {
        subscribers: 1,
        'resumes_total{outcome="exact"}': 1,
        events_offered_total: 2,
        events_out_total: 2,
        bytes_out_total: bytes,
      };
    },
  },
  'a client with an id that nobody knows': {
    options: { resumeWaitMs: 0 },
    before: live,
    cause: async (gateway) => {
      await gateway.reader({ lastEventId: 'what' });
      return { subscribers: 1, 'resumes_total{outcome="gap"}': 1, 'gaps_total{reason="unknown-id"}': 1 };
    },
  },
  'a client refused for a failed upstream': {
    cause: async (gateway) => {
      gateway.upstream.respond({ status: 404 });
      await gateway.ask('/events/prices');
      return terminal;
    },
  },
  'a client refused with 204': {
    cause: async (gateway) => {
      gateway.upstream.respond({ status: 204 });
      await gateway.ask('/events/prices');
      const { 'connections_refused_total{reason="failed"}': _, ...rest } = terminal;
      return { ...rest, 'connections_refused_total{reason="no-content"}': 1 };
    },
  },
  'a client that does not accept event streams': {
    before: live,
    cause: async (gateway) => {
      await gateway.ask('/events/prices', { headers: { accept: 'text/html' } });
      return { 'connections_refused_total{reason="not-acceptable"}': 1 };
    },
  },
  'an event in the turn in which the streams end': {
    before: live,
    cause: async (gateway, [client]) => {
      gateway.app.sseGateway.publish('prices', { id: 'a', data: 'x' });
      await gateway.app.sseGateway.drain();
      await client!.waitForClose();
      return {
        events_in_total: 1,
        events_offered_total: 1,
        events_out_total: 1,
        bytes_out_total: frame.length,
        log_bytes: frame.length,
        log_events: 1,
        'client_disconnects_total{reason="drain"}': 1,
        subscribers: -1,
        draining: 1,
      };
    },
  },
  'a client that falls below the floor': {
    options: { retainBytes: 200_000, maxEventBytes: 200_000, onSlow: 'disconnect', heartbeatMs: 100 },
    before: async (gateway) => {
      const client = await gateway.live();
      client.pause();
      return [client];
    },
    cause: async (gateway) => {
      let events = 0;
      while (gateway.subscribers > 0) {
        for (let n = 0; n < 10; n += 1)
          gateway.app.sseGateway.publish('prices', { id: 'a', data: 'x'.repeat(10_000) });
        events += 10;
        await scrape(gateway);
      }
      return {
        subscribers: -1,
        'client_disconnects_total{reason="lagged"}': 1,
        events_in_total: events,
        events_offered_total: (by) => by > 0 && by <= events,
        events_out_total: (by) => by < events,
        bytes_out_total: (by) => by >= 0,
        'events_dropped_total{reason="lagged"}': positive,
        'events_dropped_total{reason="aborted"}': positive,
        log_bytes: (by) => by > 0 && by <= 200_000,
        log_events: (by) => by > 0 && by <= 20,
      };
    },
  },
  'a client that reads nothing, and a log that goes on': {
    options: { retainBytes: 200_000, maxEventBytes: 200_000, onSlow: 'disconnect', lingerMs: 60_000 },
    before: async (gateway) => {
      const client = await gateway.live();
      client.pause();
      return [client];
    },
    cause: async (gateway) => {
      const { publish } = gateway.app.sseGateway;
      const pinned = async () => (await scrape(gateway)).get('log_pinned_bytes') ?? 0;
      let events = 0;
      while ((await pinned()) === 0) {
        for (let n = 0; n < 10; n += 1) publish('prices', { id: 'a', data: 'x'.repeat(10_000) });
        events += 10;
      }
      const each = 10_000 + frame.length - 1;
      return {
        events_in_total: events,
        events_offered_total: events,
        events_pending: positive,
        events_out_total: (by) => by < events,
        bytes_out_total: (by) => by % each === 0 && by < events * each,
        log_bytes: (by) => by > 0 && by <= 200_000,
        log_events: (by) => by > 0 && by <= 20,
        log_pinned_bytes: (by) => by > 0 && by <= 131_072,
        pool_hits_total: positive,
        pool_misses_total: positive,
        pool_in_use_bytes: (by) => by > 200_000,
        log_held_bytes: (by) => by > 200_000,
        pool_retained_bytes: (by) => by >= 0,
      };
    },
  },
};
