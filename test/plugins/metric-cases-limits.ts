/** Who is kept out or sent away, and which series of `/metrics` that moves by how much; see metrics.test.ts. */
import type { SseGatewayOptions } from '../../plugins/options.js';
import type { ChannelOptions } from '../../src/options.js';
import { type Case, live } from './metric-case.js';

/** One more client than there may be: it moves this series and no other. */
const refused = (
  reason: string,
  limit: { gateway?: Partial<SseGatewayOptions>; options?: ChannelOptions },
): Case => ({
  ...limit,
  before: live,
  cause: async (gateway) => {
    await gateway.client().waitForClose();
    return { [`connections_refused_total{reason="${reason}"}`]: 1 };
  },
});

export const LIMIT_CASES: Record<string, Case> = {
  'a client too many for its channel': refused('channel-full', { options: { maxSubscribers: 1 } }),
  'a client too many in all': refused('connection-limit', { gateway: { maxConnections: 1 } }),
  'a client too many from one address': refused('ip-limit', { gateway: { maxConnectionsPerIp: 1 } }),
  'a client too soon': refused('accept-rate', { gateway: { acceptsPerSecond: 1 } }),
  'a client too many for the memory that is left': {
    gateway: { maxLogBytes: 65_536 },
    before: async (gateway) => {
      const client = await gateway.live();
      gateway.upstream.publish({ data: 'x'.repeat(100_000) });
      return [await client.waitFor(1)];
    },
    cause: async (gateway) => {
      await gateway.client().waitForClose();
      return { 'connections_refused_total{reason="memory"}': 1 };
    },
  },
  'a client that comes to a drained gateway': {
    cause: async (gateway) => {
      await gateway.app.sseGateway.drain();
      await gateway.client().waitForClose();
      return {
        draining: 1,
        'connections_refused_total{reason="draining"}': 1,
      };
    },
  },
  'a client whose stream is as old as it may get': {
    options: { maxAgeMs: 1, heartbeatMs: 100 },
    cause: async (gateway) => {
      await gateway.client().waitForClose();
      return {
        'client_disconnects_total{reason="max-age"}': 1,
        'resumes_total{outcome="fresh"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstreams{state="open"}': 1,
      };
    },
  },
  'a client whose page is of an origin that is not on the list': {
    gateway: { allowedOrigins: ['https://app.example'] },
    cause: async (gateway) => {
      await gateway.ask('/events/prices', { headers: { origin: 'https://other.example' } });
      return { 'connections_refused_total{reason="origin"}': 1 };
    },
  },
  'a client whose token has expired': {
    gateway: { expiresAt: () => new Date(0) },
    cause: async (gateway) => {
      await gateway.ask('/events/prices');
      return { 'connections_refused_total{reason="unauthorized"}': 1 };
    },
  },
  'a client that may not go on': {
    gateway: { reauthorize: () => false, reauthMs: 100 },
    cause: async (gateway) => {
      await gateway.client().waitForClose();
      return {
        'client_disconnects_total{reason="unauthorized"}': 1,
        'resumes_total{outcome="fresh"}': 1,
        'upstream_connects_total{outcome="ok"}': 1,
        'upstreams{state="open"}': 1,
      };
    },
  },
  'a client that is disconnected before its stream begins': {
    cause: async (gateway) => {
      gateway.upstream.respond(() => true, 1);
      const client = gateway.client();
      await gateway.upstream.waitForRequests(1);
      gateway.app.sseGateway.disconnect(() => true);
      gateway.upstream.cutAll();
      await client.waitForClose();
      return {
        'connections_refused_total{reason="disconnected"}': 1,
        'upstream_connects_total{outcome="failed"}': 1,
        'upstreams{state="backoff"}': 1,
      };
    },
  },
  'a client that is disconnected': {
    before: live,
    cause: async (gateway, [client]) => {
      gateway.app.sseGateway.disconnect(() => true);
      await client!.waitForClose();
      return { subscribers: -1, 'client_disconnects_total{reason="disconnected"}': 1 };
    },
  },
  'a client that stands before a gap, where gaps are rejected': {
    options: { onGap: 'reject', resumeWaitMs: 0 },
    before: live,
    cause: async (gateway) => {
      await gateway.ask('/events/prices', { headers: { 'last-event-id': 'what' } });
      return { 'connections_refused_total{reason="gap"}': 1 };
    },
  },
  'a client that waited for an id in vain, where gaps are rejected': {
    options: { onGap: 'reject', resumeWaitMs: 1_000, heartbeatMs: 100 },
    before: live,
    cause: async (gateway) => {
      await gateway.client({ lastEventId: 'what' }).waitForClose();
      return {
        'client_disconnects_total{reason="gap-rejected"}': 1,
        'resumes_total{outcome="gap"}': 1,
        'gaps_total{reason="unknown-id"}': 1,
      };
    },
  },
};
