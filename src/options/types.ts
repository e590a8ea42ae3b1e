/**
 * The options as a user writes them. Units stand in the names: `Ms` milliseconds, `Bytes` bytes. Defaults stand here in
 * words and in `schema.ts` in force; a test holds the two and the README together.
 */

/** What all channels may share, and each may override. */
export interface ChannelDefaults {
  /** Request headers sent upstream. Default none. */
  headers?: Record<string, string>;
  /**
   * Request headers of a client that are sent upstream, e.g. `['authorization']`. Clients that differ in them share nothing:
   * each set of values has an upstream and a log of its own, at most `maxChannels` of them. Default none.
   */
  forwardHeaders?: string[];
  /** TLS of the upstream connection; certificates are always verified, `ca` adds trust. Default: Node's trust store. */
  tls?: { ca?: string; cert?: string; key?: string; servername?: string };
  /** Keep the upstream open without subscribers; not for templates. Default false: open on demand. */
  always?: boolean;
  /** `/health/ready` is 503 while this channel is `failed`; not for templates. Default false. */
  required?: boolean;
  /** Which ids clients see: the upstream's or else minted, only the upstream's, only minted. Default `auto` (several URLs: `gateway`). */
  ids?: 'auto' | 'upstream' | 'gateway';
  /** The URLs of a list are one stream with the same ids: what one sent can be asked for at another. Default false. */
  sharedIds?: boolean;
  /** Whether the upstream may be at a private address (loopback, local network, …), looked at on each connection. Default true. */
  privateAddresses?: boolean;
  /** Whether the upstream replays after Last-Event-ID: not known, proven at each reconnect, declared, never. Default `unknown`. */
  replay?: 'unknown' | 'proven' | boolean;
  /** What a client in want of trimmed events gets: a `gateway.gap` event, HTTP 410 (or the end), nothing. Default `signal`. */
  onGap?: 'signal' | 'reject' | 'silent';
  /** A client that falls below the floor: told and moved to the tip, or closed as `lagged`. Default `skip`. */
  onSlow?: 'skip' | 'disconnect';

  /** How long the upstream stays open after the last subscriber left. Default 30,000. */
  lingerMs?: number;
  /** How long a first subscriber waits for the upstream's head before its own stream begins. Default 2,000. */
  connectWaitMs?: number;
  /** How long a client whose id is unknown waits for it, once the upstream is open. Default 2,000. */
  resumeWaitMs?: number;
  /** Bytes after which a private request for what a client missed is given up. Default 8 MiB. */
  replayBytes?: number;
  /** Silence after which a client gets a comment. Default 15,000. */
  heartbeatMs?: number;
  /** A client whose socket takes nothing for so long is closed as `stalled`. Default 30,000. */
  stalledMs?: number;
  /** Silence after which the kernel asks a client's side, each second and ten times; whole seconds, 0: never. Default 60,000. */
  keepAliveMs?: number;
  /** Longest life of a client's stream, times a random 0.8–1; it ends with whole events. 0: no limit. Default 3,600,000. */
  maxAgeMs?: number;
  /** Bounds of the random `retry:` each client gets. Default 1,000 and 5,000. */
  retryMinMs?: number;
  retryMaxMs?: number;
  /** Most bytes written to a client in one go, unless one event is larger. Default 65,536. */
  sliceBytes?: number;
  /** How long an event of a busy stream waits, so that several go out in one write; a lone one never does. Default 0. */
  coalesceMs?: number;

  /** What the log keeps: bytes, events, age. Default 8 MiB, 10,000, 300,000 ms. */
  retainBytes?: number;
  retainEvents?: number;
  retainAgeMs?: number;

  /** Largest upstream event; a larger one ends the connection. Default 1 MiB. */
  maxEventBytes?: number;
  /** Largest upstream response head. Default 16 KiB. */
  maxHeaderBytes?: number;
  /** Until the upstream's socket is connected (TLS included). Default 10,000. */
  connectTimeoutMs?: number;
  /** From the request to the response head. Default 30,000. */
  firstByteTimeoutMs?: number;
  /** Longest silence of the upstream; comments count as bytes. Default 90,000. */
  idleTimeoutMs?: number;
  /** First reconnection delay unless the upstream sends `retry:`. Default 1,000. */
  backoffBaseMs?: number;
  /** Bounds of every reconnection delay. Default 100 and 30,000. */
  backoffMinMs?: number;
  backoffMaxMs?: number;
  /** Longest `Retry-After` that is honoured. Default 300,000. */
  retryAfterMaxMs?: number;
  /** Consecutive failures after which the channel is `failed`. Default Infinity. */
  maxAttempts?: number;
  /** When a `failed` channel may try again for a new subscriber. Default 60,000. */
  retryFailedMs?: number;
  /** Same-origin redirects followed per connection. Default 5. */
  maxRedirects?: number;
  /** Subscribers at once. Default Infinity. */
  maxSubscribers?: number;
  /** Channels alive at once under one template, or one name with `forwardHeaders`. Default 1,000. */
  maxChannels?: number;
}

export interface ChannelOptions extends ChannelDefaults {
  /**
   * The upstream, http: or https:, or a list of 1 to 16: the one that works stays, the others are for when it fails.
   * Template parameters stand as path segments (`/rooms/:room/events`). Without: `publish` only.
   */
  url?: string | readonly string[];
}

export interface GatewayOptions {
  /** The channels by name; `:parameter` segments make a template. */
  channels: Record<string, ChannelOptions>;
  /** Options for all channels. */
  defaults?: ChannelDefaults;
  /** Tells several gateways in one process apart; the metric label `gateway`. Default `default`. */
  name?: string;
  /** Byte budget of all logs together. Default 256 MiB. */
  maxLogBytes?: number;
  /** What private requests of all channels may bring at once, each counted with its `replayBytes`. Default 128 MiB. */
  maxReplayBytes?: number;
  /** Reuse slabs; `poison` overwrites each released one (for tests). Default true. */
  pool?: boolean | 'poison';
  /** Write to clients by the handles of their sockets, where Node.js has them as known, and past their streams. Default true. */
  directWrites?: boolean;
  /** Upstream connection attempts per second and origin. Default 100. */
  connectsPerSecond?: number;
  /** Streams open at once. Default Infinity. */
  maxConnections?: number;
  /** Streams open at once per client address (`request.ip`). Default Infinity. */
  maxConnectionsPerIp?: number;
  /** Streams that may begin per second. Default Infinity. */
  acceptsPerSecond?: number;
  /** How long readiness is 503 before a drain begins to end streams. Default 0 (the command: 5,000). */
  drainDelayMs?: number;
  /** Over how long a drain spreads the ends of the streams, at most 5 ms per client. Default 5,000. */
  drainMs?: number;
}
