/**
 * Options that are valid and still not wise: timings and limits that defeat each other or what usually stands around a
 * gateway. Pure; it refuses to judge validity, which is the options' own.
 */
import type { ResolvedChannelOptions, ResolvedGatewayOptions } from '../src/index.js';

export interface Finding {
  /** A `hint` may be as it should be; a `warning` is hardly ever meant. */
  readonly level: 'warning' | 'hint';
  /** The option, or the one of several that is best changed. */
  readonly path: string;
  readonly message: string;
}

/** Smallest idle limit of a common proxy or load balancer, ms. */
const PROXY_IDLE_MS = 30_000;
/** How often a quiet upstream usually sends a comment, ms: WHATWG HTML §9.2.7 advises "every 15 seconds or so". */
const USUAL_HEARTBEAT_MS = 15_000;
/** What a client needs to connect again, on top of its `retry:`, ms. */
const CONNECT_MS = 5_000;
/** Kubernetes' `terminationGracePeriodSeconds` unless set, ms. */
const GRACE_MS = 30_000;
/** What a drain takes for the last bytes, on top of its own times, ms. */
const FLUSH_MS = 1_000;

type Rule = (channel: ResolvedChannelOptions) => Omit<Finding, 'path'> | undefined;
type Channels = readonly (readonly [name: string, options: ResolvedChannelOptions])[];

const warning = (message: string) => ({ level: 'warning', message }) as const;
const hint = (message: string) => ({ level: 'hint', message }) as const;

/** By the option that is best changed. */
const RULES: readonly (readonly [option: keyof ResolvedChannelOptions, rule: Rule])[] = [
  [
    'heartbeatMs',
    ({ heartbeatMs }) =>
      heartbeatMs >= PROXY_IDLE_MS
        ? warning(`some proxies cut streams that are silent for ${PROXY_IDLE_MS} ms; stay below`)
        : undefined,
  ],
  [
    'idleTimeoutMs',
    ({ url, idleTimeoutMs }) =>
      url.length > 0 && idleTimeoutMs <= USUAL_HEARTBEAT_MS
        ? warning(`a quiet upstream that sends a comment every ${USUAL_HEARTBEAT_MS} ms is cut for nothing`)
        : undefined,
  ],
  [
    'retainAgeMs',
    ({ retainAgeMs, retryMaxMs }) =>
      retainAgeMs < retryMaxMs + CONNECT_MS
        ? warning(
            `a client that returns after retryMaxMs (${retryMaxMs} ms) and connects finds its events gone`,
          )
        : undefined,
  ],
  [
    'retryMaxMs',
    ({ retryMinMs, retryMaxMs }) =>
      retryMinMs === retryMaxMs
        ? warning('is retryMinMs as well: clients that were cut together come back together')
        : undefined,
  ],
  [
    'lingerMs',
    ({ url, always, lingerMs, retryMaxMs }) =>
      url.length > 0 && !always && lingerMs < retryMaxMs
        ? warning(`the upstream closes before a lone client returns after retryMaxMs (${retryMaxMs} ms)`)
        : undefined,
  ],
  [
    'stalledMs',
    ({ maxAgeMs, stalledMs }) =>
      maxAgeMs > 0 && stalledMs >= maxAgeMs
        ? warning(`no client is ever found stalled, all end at maxAgeMs (${maxAgeMs} ms)`)
        : undefined,
  ],
  [
    'maxEventBytes',
    ({ maxEventBytes, retainBytes }) =>
      maxEventBytes > retainBytes / 2
        ? warning(`one such event pushes most others out of the log (retainBytes is ${retainBytes})`)
        : undefined,
  ],
  [
    'replay',
    ({ url, replay }) =>
      url.length > 0 && replay === 'unknown'
        ? hint('every reconnect to the upstream tells all clients of a gap; say true or false if you know')
        : undefined,
  ],
];

/** What is to be said of these options and of listening on `host`, the warnings first. */
export function findings(options: ResolvedGatewayOptions, host = '127.0.0.1'): Finding[] {
  const channels = Object.entries(options.channels);
  const all = [...aboutGateway(options, channels), ...aboutChannels(channels), ...aboutHost(host)];
  return [...all.filter(({ level }) => level === 'warning'), ...all.filter(({ level }) => level === 'hint')];
}

/** One finding for what several channels share, most likely by `defaults`. */
function aboutChannels(channels: Channels): Finding[] {
  return RULES.flatMap(([option, rule]) => {
    const names = new Map<string, { readonly said: Omit<Finding, 'path'>; readonly names: string[] }>();
    for (const [name, channel] of channels) {
      const said = rule(channel);
      if (said === undefined) continue;
      const known = names.get(said.message);
      if (known === undefined) names.set(said.message, { said, names: [name] });
      else known.names.push(name);
    }
    return [...names.values()].map(({ said, names: [first, ...others] }) => ({
      ...said,
      path: `channels.${first}.${option}${others.length === 0 ? '' : ` (and ${others.length} more)`}`,
    }));
  });
}

function aboutGateway(options: ResolvedGatewayOptions, channels: Channels): Finding[] {
  const { drainDelayMs, drainMs, maxLogBytes } = options;
  const found: Finding[] = [];
  const drain = drainDelayMs + drainMs + FLUSH_MS;
  if (drain > GRACE_MS) {
    const message = `a drain takes up to ${drain} ms with drainMs and the last bytes; Kubernetes kills after ${GRACE_MS} ms unless told otherwise`;
    found.push({ path: 'drainDelayMs', ...warning(message) });
  }
  const largest = Math.max(...channels.map(([, { retainBytes }]) => retainBytes));
  if (largest > maxLogBytes) {
    found.push({ path: 'maxLogBytes', ...warning(`no log ever holds the retainBytes of ${largest} B`) });
    return found;
  }
  const together = channels.reduce((sum, [, { retainBytes }]) => sum + retainBytes, 0);
  if (together > maxLogBytes) {
    found.push({ path: 'maxLogBytes', ...hint(`the channels may want ${together} B together`) });
  }
  return found;
}

function aboutHost(host: string): Finding[] {
  if (/^(?:127\.|::1$|localhost$)/.test(host)) return [];
  return [{ path: 'listen.host', ...hint(`${host} is plain HTTP for others; put TLS in front`) }];
}
