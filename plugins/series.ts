/**
 * Every series of `/metrics`: name, help, labels, and where in the core its value stands. One table each for counters,
 * gauges and histograms; labels come from configuration or from closed sets, never from a client.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import {
  type Channel,
  type ChannelMetrics,
  CONNECT_OUTCOMES,
  GAP_REASONS,
  type Gateway,
  type Histogram,
  RESUME_OUTCOMES,
  SOURCE_STATES,
  type Tally,
} from '../src/index.js';
import { ReadHistogram } from './read-histogram.js';

const PREFIX = 'sse_gateway_';

type CounterRow = readonly [name: string, help: string, read: (metrics: ChannelMetrics) => number];
/** `values`: exposed from the start with 0, so that a rate sees the first of them; others begin when they occur. */
type TallyRow = readonly [
  name: string,
  help: string,
  label: string,
  read: (metrics: ChannelMetrics) => Tally<string>,
  values?: readonly string[],
];
type ChannelGaugeRow = readonly [name: string, help: string, read: (channel: Channel) => number];
type GatewayRow = readonly [
  name: string,
  help: string,
  type: 'gauge' | 'counter',
  read: (gateway: Gateway) => number,
];
type HistogramRow = readonly [name: string, help: string, read: (metrics: ChannelMetrics) => Histogram];

const COUNTERS: readonly CounterRow[] = [
  ['events_in_total', 'Events committed to the log.', (m) => m.eventsIn],
  [
    'events_offered_total',
    'Events offered to subscribers: those unread at join, and each committed one per subscriber.',
    (m) => m.eventsOffered,
  ],
  ['events_out_total', 'Events whose write a live socket confirmed.', (m) => m.eventsOut],
  ['events_repaired_total', 'Upstream events with invalid UTF-8, repaired.', (m) => m.eventsRepaired],
  [
    'events_repeated_total',
    'Events that an upstream sent again at a reconnect, dropped.',
    (m) => m.eventsRepeated,
  ],
  ['cursors_unsendable_total', 'Upstream ids that no request header can carry.', (m) => m.cursorsUnsendable],
  [
    'upstream_switches_total',
    'Upstream streams that came from another URL of the list than the one before.',
    (m) => m.upstreamSwitches,
  ],
  ['bytes_in_total', 'Bytes of body from upstreams.', (m) => m.bytesIn],
  ['bytes_out_total', 'Bytes of events whose write a live socket confirmed.', (m) => m.bytesOut],
];

const TALLIES: readonly TallyRow[] = [
  [
    'upstream_connects_total',
    'Upstream connection attempts.',
    'outcome',
    (m) => m.upstreamConnects,
    CONNECT_OUTCOMES,
  ],
  [
    'upstream_reconnects_total',
    'Upstream connection attempts after an earlier connection.',
    'outcome',
    (m) => m.upstreamReconnects,
    CONNECT_OUTCOMES,
  ],
  ['upstream_disconnects_total', 'Upstream connections that ended.', 'reason', (m) => m.upstreamDisconnects],
  [
    'events_dropped_total',
    'Events offered to a subscriber that never reached it.',
    'reason',
    (m) => m.eventsDropped,
  ],
  ['client_disconnects_total', 'Client streams that ended.', 'reason', (m) => m.clientDisconnects],
  ['resumes_total', 'Client streams that began.', 'outcome', (m) => m.resumes, RESUME_OUTCOMES],
  ['gaps_total', 'Gaps announced in streams; one for all counts once.', 'reason', (m) => m.gaps, GAP_REASONS],
  ['connections_refused_total', 'Requests for a stream that were refused.', 'reason', (m) => m.refusals],
];

const CHANNEL_GAUGES: readonly ChannelGaugeRow[] = [
  [
    'events_pending',
    'Events offered to subscribers whose fate is open.',
    ({ subscribers }) => total(subscribers, (one) => one.pending),
  ],
  ['subscribers', 'Client streams that are open.', ({ subscribers }) => subscribers.size],
  ['log_bytes', 'Bytes retained.', ({ log }) => log.bytes],
  ['log_events', 'Events retained.', ({ log }) => log.tipSeq - log.floorSeq],
  ['log_pinned_bytes', 'Bytes trimmed, and pinned by a write under way.', ({ log }) => log.pinnedBytes],
];

const GATEWAY_ROWS: readonly GatewayRow[] = [
  ['log_held_bytes', 'Bytes of slabs that all logs hold, of maxLogBytes.', 'gauge', (g) => g.logBytes],
  ['pool_hits_total', 'Slabs that were reused.', 'counter', (g) => g.pool.hits],
  ['pool_misses_total', 'Slabs that had to be allocated.', 'counter', (g) => g.pool.misses],
  ['pool_in_use_bytes', 'Bytes of slabs in use.', 'gauge', (g) => g.pool.inUseBytes],
  ['pool_retained_bytes', 'Bytes of free slabs kept for reuse.', 'gauge', (g) => g.pool.retainedBytes],
  ['draining', '1 from the beginning of a drain.', 'gauge', (g) => (g.draining ? 1 : 0)],
];

const HISTOGRAMS: readonly HistogramRow[] = [
  ['subscriber_lag_bytes', 'Bytes a subscriber is behind the tip, looked at once per tick.', (m) => m.lag],
  [
    'delivery_seconds',
    'From commit to the confirmed write; one delivery per flush is timed.',
    (m) => m.delivery,
  ],
];

/** Puts all series on a registry, for a set of gateways that may grow and shrink. */
export function registerSeries(registry: Registry, gateways: ReadonlySet<Gateway>): void {
  const registers = [registry];
  const labelNames = ['gateway', 'channel'];
  for (const [name, help, read] of COUNTERS) {
    const collect = function (this: Counter<string>): void {
      this.reset();
      for (const { gateway, channel, metrics } of families(gateways))
        this.inc({ gateway, channel }, read(metrics));
    };
    new Counter({ name: PREFIX + name, help, labelNames, registers, collect });
  }
  for (const [name, help, label, read, values = []] of TALLIES) {
    const collect = function (this: Counter<string>): void {
      this.reset();
      for (const { gateway, channel, metrics } of families(gateways)) {
        for (const value of values) this.inc({ gateway, channel, [label]: value }, 0);
        for (const [value, count] of read(metrics).entries())
          this.inc({ gateway, channel, [label]: value }, count);
      }
    };
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames, label], registers, collect });
  }
  for (const [name, help, read] of CHANNEL_GAUGES) {
    const collect = function (this: Gauge<string>): void {
      this.reset();
      for (const { gateway, channel, channels } of families(gateways))
        this.set({ gateway, channel }, total(channels, read));
    };
    new Gauge({ name: PREFIX + name, help, labelNames, registers, collect });
  }
  for (const [name, help, type, read] of GATEWAY_ROWS) {
    const common = { name: PREFIX + name, help, labelNames: ['gateway'], registers };
    if (type === 'counter') {
      const collect = function (this: Counter<string>): void {
        this.reset();
        for (const gateway of gateways) this.inc({ gateway: gateway.options.name }, read(gateway));
      };
      new Counter({ ...common, collect });
    } else {
      const collect = function (this: Gauge<string>): void {
        this.reset();
        for (const gateway of gateways) this.set({ gateway: gateway.options.name }, read(gateway));
      };
      new Gauge({ ...common, collect });
    }
  }
  registerStates(registry, gateways);
  for (const [name, help, read] of HISTOGRAMS) {
    const rows = function* () {
      for (const { gateway, channel, metrics } of families(gateways))
        yield { labels: { gateway, channel }, histogram: read(metrics) };
    };
    registry.registerMetric(new ReadHistogram(PREFIX + name, help, ['gateway', 'channel'], rows));
  }
}

function registerStates(registry: Registry, gateways: ReadonlySet<Gateway>): void {
  const registers = [registry];
  new Gauge({
    name: `${PREFIX}upstreams`,
    help: 'Channels by the state of their upstream.',
    labelNames: ['gateway', 'channel', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { gateway, channel, channels } of families(gateways)) {
        const states = [...channels].map(({ state }) => state);
        for (const state of SOURCE_STATES) {
          this.set({ gateway, channel, state }, states.filter((other) => other === state).length);
        }
      }
    },
  });
  new Gauge({
    name: `${PREFIX}upstream_last_event_age_seconds`,
    help: 'Since the newest event of the channel; of a template, of its quietest channel.',
    labelNames: ['gateway', 'channel'],
    registers,
    collect() {
      this.reset();
      for (const { gateway, channel, channels } of families(gateways)) {
        const ages = [...channels].flatMap((one) => one.status().lastEventAgeMs ?? []);
        if (ages.length > 0) this.set({ gateway, channel }, Math.max(...ages) / 1_000);
      }
    },
  });
}

function* families(gateways: ReadonlySet<Gateway>): IterableIterator<{
  gateway: string;
  channel: string;
  metrics: ChannelMetrics;
  channels: Iterable<Channel>;
}> {
  for (const gateway of gateways) {
    for (const { name, metrics, channels } of gateway.families()) {
      yield { gateway: gateway.options.name, channel: name, metrics, channels: [...channels] };
    }
  }
}

function total<T>(items: Iterable<T>, read: (item: T) => number): number {
  let sum = 0;
  for (const item of items) sum += read(item);
  return sum;
}
