/**
 * What an HTTP upstream is told: plain data, every field present. Defaults live with the package's options; this leaf
 * refuses to check or fill in anything.
 */
import type { Dispatcher } from 'undici';
import type { Clock, Random } from '../clock.js';
import type { Pacer } from './pacer.js';

/** One upstream. The figures in brackets are the package's defaults (DESIGN §8). */
export interface HttpUpstreamOptions {
  /** Absolute http: or https: URLs, at least one. Userinfo in one becomes Basic authorization and is never sent, shown or logged as URL. */
  readonly urls: readonly string[];
  /** The URLs are one stream with the same ids: what one sent can be asked for at another (false). */
  readonly sharedIds: boolean;
  /** Extra request headers. The ones an event stream needs (see `requestHeaders`) win over them. */
  readonly headers: Readonly<Record<string, string>>;
  /** From asking for a socket until it is connected, name look-up and TLS included (10,000). */
  readonly connectTimeoutMs: number;
  /** From the sent request to the final response head; 1xx answers don't count (30,000). */
  readonly firstByteTimeoutMs: number;
  /** Longest silence after the head, the first byte of the body included; comments count as bytes (90,000). */
  readonly idleTimeoutMs: number;
  /** First reconnection delay of an upstream that sends no `retry:` (1,000). */
  readonly backoffBaseMs: number;
  /** Lower bound of every reconnection delay, and of an upstream's `retry:` (100). */
  readonly backoffMinMs: number;
  /** Where delays stop growing; also the upper bound of an upstream's `retry:` (30,000). */
  readonly backoffMaxMs: number;
  /** Consecutive failed attempts after which the source is `failed` (Infinity). */
  readonly maxAttempts: number;
  /** How long a `failed` source refuses to try again (60,000). */
  readonly retryFailedMs: number;
  /** Longest `Retry-After` that is honoured (300,000). */
  readonly retryAfterMaxMs: number;
  /** Same-origin redirects followed per attempt (5). */
  readonly maxRedirects: number;
  /** Largest response head: names and values of its fields together, in bytes (16,384). */
  readonly maxHeaderBytes: number;
  /** Whether a reconnect asks with Last-Event-ID; false for an upstream that doesn't replay. */
  readonly sendLastEventId: boolean;
}

/** What all HTTP upstreams of a gateway share, or a test replaces. */
export interface HttpUpstreamContext {
  /** Opens the sockets. From `createDispatcher`, or any other that has no timeouts of its own. */
  readonly dispatcher: Dispatcher;
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly random: Random;
}
