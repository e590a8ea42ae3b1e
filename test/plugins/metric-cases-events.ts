/** What the upstream and `publish` do, and which series of `/metrics` that moves by how much; see metrics.test.ts. */
import { writeAnswer } from '../helpers/upstream-answer.js';
import { type By, type Case, frame, live, positive } from './metric-case.js';
import type { Served } from './serve.js';

/** A client that has read one event, `{"n":1}` with the id 1. */
const fed = async (gateway: Served) => {
  const client = await gateway.live();
  gateway.upstream.publishNumbered(1);
  return [await client.waitFor(1)];
};

const quick = { backoffMinMs: 1, backoffBaseMs: 1 };

/** One event of so many bytes, read by so many clients. */
const event = (bytesIn: number, bytesOut: number, readers: number): Record<string, By> => ({
  bytes_in_total: bytesIn,
  bytes_out_total: bytesOut * readers,
  events_in_total: 1,
  events_offered_total: readers,
  events_out_total: readers,
  log_bytes: bytesOut,
  log_events: 1,
});

const gap =
  'event: gateway.gap\ndata: {"from":"1","resume":"1","lost":null,"repeats":true,"reason":"upstream"}\n\n';
export const EVENT_CASES: Record<string, Case> = {
  'an event for two clients': {
    before: async (gateway) => [await gateway.live(), await gateway.reader()],
    cause: async (gateway) => {
      gateway.upstream.write(frame);
      return {
        ...event(frame.length, frame.length, 2),
        delivery_seconds_count: 1,
        delivery_seconds_sum: positive,
        'delivery_seconds_bucket{le="+Inf"}': 1,
        'delivery_seconds_bucket{le="10"}': 1,
      };
    },
  },
  'an event is that old': {
    before: live,
    cause: async (gateway, [client]) => {
      gateway.upstream.write(frame);
      await client!.waitFor(1);
      return {
        ...event(frame.length, frame.length, 1),
        upstream_last_event_age_seconds: (by) => by > 0 && by < 5,
      };
    },
  },
  'a local event': {
    before: live,
    cause: async (gateway) => {
      gateway.app.sseGateway.publish('prices', { id: 'a', data: 'x' });
      return { ...event(0, frame.length, 1) };
    },
  },
  'an event that had to be repaired': {
    before: live,
    cause: async (gateway) => {
      gateway.upstream.write(Buffer.from('id: a\ndata: \xff\n\n', 'latin1'));
      return { ...event(frame.length, frame.length + 2, 1), events_repaired_total: 1 };
    },
  },
  'an upstream that breaks and comes back': {
    options: quick,
    before: fed,
    cause: async (gateway, [client]) => {
      gateway.upstream.cutAll();
      await client!.waitFor(2);
      return {
        ...event(0, gap.length, 1),
        'gaps_total{reason="upstream"}': 1,
        'upstream_disconnects_total{reason="network-error"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstream_reconnects_total{outcome="ok"}': 1,
      };
    },
  },
  'an upstream that moves to its next URL': {
    options: (origin) => ({
      ...quick,
      ...{ url: [`${origin}/a`, `${origin}/b`], sharedIds: true, ids: 'auto', replay: true },
    }),
    before: fed,
    cause: async (gateway) => {
      gateway.upstream.respond(
        (request, response) => request.url === '/a' && writeAnswer(response, { status: 503 }),
      );
      gateway.upstream.cutAll();
      return {
        upstream_switches_total: 1,
        'upstream_disconnects_total{reason="network-error"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstream_connects_total{outcome="failed"}': 1,
        'upstream_reconnects_total{outcome="ok"}': 1,
        'upstream_reconnects_total{outcome="failed"}': 1,
      };
    },
  },
  'an upstream that sends an event again': {
    options: { ...quick, replay: true },
    before: fed,
    cause: async (gateway, [client]) => {
      const again = client!.body.subarray(client!.body.indexOf('id: 1\n')).toString();
      gateway.upstream.respond((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(again + frame);
        return true;
      });
      gateway.upstream.cutAll();
      await client!.waitFor(2);
      return {
        ...event(again.length + frame.length, frame.length, 1),
        events_repeated_total: 1,
        'upstream_disconnects_total{reason="network-error"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstream_reconnects_total{outcome="ok"}': 1,
      };
    },
  },
  'an upstream id that no header can carry': {
    options: { ...quick, replay: true },
    before: async (gateway) => {
      const client = await gateway.live();
      gateway.upstream.write('id: \u0001\ndata: x\n\n');
      return [await client.waitFor(1)];
    },
    cause: async (gateway, [client]) => {
      gateway.upstream.cutAll();
      await client!.waitFor(2);
      const told = gap.replaceAll('"1"', '"\\u0001"');
      return {
        ...event(0, told.length, 1),
        cursors_unsendable_total: 1,
        'gaps_total{reason="upstream"}': 1,
        'upstream_disconnects_total{reason="network-error"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstream_reconnects_total{outcome="ok"}': 1,
      };
    },
  },
  'an upstream that fails for good': {
    options: quick,
    before: fed,
    cause: async (gateway, [client]) => {
      gateway.upstream.respond({ status: 404 });
      gateway.upstream.cutAll();
      await client!.waitForClose();
      return {
        subscribers: -1,
        'client_disconnects_total{reason="upstream-failed"}': 1,
        'upstream_disconnects_total{reason="network-error"}': 1,
        'upstream_connects_total{outcome="failed"}': 1,
        'upstream_reconnects_total{outcome="failed"}': 1,
        'upstreams{state="open"}': -1,
        'upstreams{state="failed"}': 1,
      };
    },
  },
};
