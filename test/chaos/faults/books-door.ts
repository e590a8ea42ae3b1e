/** Every way in which a client is refused, and every way in which one begins. */
import type { SseGatewayOptions } from '../../../plugins/options.js';
import type { ChannelOptions } from '../../../src/options.js';
import type { SseClient } from '../../helpers/sse-client.js';
import type { Served } from '../../plugins/serve.js';
import type { BookCase, BookCases } from './books-case.js';

const refused = (reason: string): string => `connections_refused_total{reason="${reason}"}`;
const live = async (gateway: Served): Promise<SseClient[]> => [await gateway.live()];

/** One more client than there may be. */
const tooMany = (
  reason: string,
  limit: { readonly gateway?: Partial<SseGatewayOptions>; readonly channel?: ChannelOptions },
): BookCase => ({
  ...limit,
  before: live,
  inject: (gateway) => gateway.client().waitForClose(),
  moves: [refused(reason)],
});

/** A client of a channel whose upstream has answered so. */
const stopped = (reason: string, status: number): BookCase => ({
  before: async (gateway) => {
    gateway.upstream.respond({ status });
    await gateway.ask('/events/prices');
    return [];
  },
  inject: (gateway) => gateway.ask('/events/prices'),
  moves: [refused(reason)],
});

/** A client comes with this id, or one made of the ids that another was given. */
const returns = (
  id: string | ((ids: string[]) => string),
  channel: ChannelOptions,
  moves: BookCase['moves'],
): BookCase => ({
  channel: { resumeWaitMs: 0, ...channel },
  before: async (gateway) => {
    const client = await gateway.live();
    for (let event = 0; event < 4; event += 1) gateway.app.sseGateway.publish('prices', { data: 'x' });
    return [await client.waitFor(4)];
  },
  inject: async (gateway, [client]) => {
    const lastEventId = typeof id === 'string' ? id : id(client!.events.map((event) => event.id));
    await gateway.reader({ lastEventId });
  },
  moves,
});

const GAP = 'resumes_total{outcome="gap"}';
/** A minted id of another life of the gateway: its epoch is none of this one's. */
const otherLife = (ids: string[]): string => `${ids[0]!.split('-')[0]}-${(Date.now() - 1e9).toString(36)}`;

export const DOOR_BOOKS: BookCases = {
  'a client too many for its channel': tooMany('channel-full', { channel: { maxSubscribers: 1 } }),
  'a client too many in all': tooMany('connection-limit', { gateway: { maxConnections: 1 } }),
  'a client too many from one address': tooMany('ip-limit', { gateway: { maxConnectionsPerIp: 1 } }),
  'a client too soon': tooMany('accept-rate', { gateway: { acceptsPerSecond: 1 } }),
  'a client too many for the memory that is left': {
    gateway: { maxLogBytes: 65_536 },
    before: async (gateway) => {
      const client = await gateway.live();
      gateway.upstream.publish({ data: 'x'.repeat(100_000) });
      return [await client.waitFor(1)];
    },
    inject: (gateway) => gateway.client().waitForClose(),
    moves: [refused('memory')],
  },
  'a client of an origin that is not on the list': {
    gateway: { allowedOrigins: ['https://app.example'] },
    inject: (gateway) => gateway.ask('/events/prices', { headers: { origin: 'https://other.example' } }),
    moves: [refused('origin')],
  },
  'a client shows what has expired': {
    gateway: { expiresAt: () => new Date(0) },
    inject: (gateway) => gateway.ask('/events/prices'),
    moves: [refused('unauthorized')],
  },
  'a client is disconnected before its stream begins': {
    channel: { backoffMinMs: 30_000 },
    before: async (gateway) => {
      gateway.upstream.respond(() => true, 1);
      const client = gateway.client();
      await gateway.upstream.waitForRequests(1);
      return [client];
    },
    inject: ({ app, upstream }, [client]) => {
      app.sseGateway.disconnect(() => true);
      upstream.cutAll();
      return client!.waitForClose();
    },
    moves: [refused('disconnected'), 'upstream_connects_total{outcome="failed"}'],
  },
  'a channel too many': {
    gateway: { channels: { 'rooms/:room': { maxChannels: 1 } } },
    before: async (gateway) => [await gateway.reader({ path: '/events/rooms/a' })],
    inject: (gateway) => gateway.client({ path: '/events/rooms/b' }).waitForClose(),
    moves: ['connections_refused_total{channel="rooms/:room",reason="channel-limit"}'],
  },
  'a client comes to a drained gateway': {
    before: async (gateway) => {
      await gateway.app.sseGateway.drain();
      return [];
    },
    inject: (gateway) => gateway.client().waitForClose(),
    moves: [refused('draining')],
  },
  'a client comes to an upstream that has failed': stopped('failed', 404),
  'a client comes to an upstream that has nothing': stopped('no-content', 204),
  'a client does not accept event streams': {
    before: live,
    inject: (gateway) => gateway.ask('/events/prices', { headers: { accept: 'text/html' } }),
    moves: [refused('not-acceptable')],
  },
  'a client stands before a gap, where gaps are rejected': {
    channel: { onGap: 'reject', resumeWaitMs: 0 },
    before: live,
    inject: (gateway) => gateway.ask('/events/prices', { headers: { 'last-event-id': 'what' } }),
    moves: [refused('gap')],
  },
  'a client comes': {
    before: live,
    inject: (gateway) => gateway.reader(),
    moves: ['resumes_total{outcome="fresh"}'],
  },
  'a client comes back': returns((ids) => ids[1]!, {}, ['resumes_total{outcome="exact"}']),
  'a client comes back with an id that nobody knows': returns('what', {}, [
    'gaps_total{reason="unknown-id"}',
    GAP,
  ]),
  'a client comes back with an id of another life': returns(otherLife, {}, [
    'gaps_total{reason="epoch"}',
    GAP,
  ]),
  'a client comes back behind what was trimmed': returns((ids) => ids[0]!, { retainEvents: 1 }, [
    'gaps_total{reason="trimmed"}',
    GAP,
  ]),
};
