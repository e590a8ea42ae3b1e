/**
 * What tracers may listen to, over `node:diagnostics_channel`: streams and upstream connections that open and close, and
 * gaps. Plain objects, made only when somebody listens. A leaf; it refuses to count and to log, which others do.
 */
import { channel } from 'node:diagnostics_channel';
import type { CloseReason, ErrorCode } from './errors.js';
import type { GapReason } from './gap.js';

/** Where something happened: the gateway's name, the channel's configured name, and its own (the same but for templates). */
export interface Place {
  readonly gateway: string;
  readonly channel: string;
  readonly key: string;
}

export interface Diagnostics {
  /** A client's stream began. `request`: as the host's framework has it. */
  'sse-gateway:stream:open': Place & {
    readonly request: object;
    readonly resume: 'fresh' | 'exact' | 'gap' | 'pending';
  };
  /** It ended, after so long. */
  'sse-gateway:stream:close': Diagnostics['sse-gateway:stream:open'] & {
    readonly reason: CloseReason;
    readonly durationMs: number;
  };
  /** A good answer of the upstream arrived. */
  'sse-gateway:upstream:open': Place;
  /** That connection ended. `code`: of the error; undefined when the gateway ended it. */
  'sse-gateway:upstream:close': Place & {
    readonly reason: CloseReason;
    readonly code: ErrorCode | undefined;
  };
  /** History broke, for one client or (`upstream`) for all: what `gaps_total` counts. */
  'sse-gateway:gap': Place & { readonly reason: GapReason };
}

const CHANNELS = {
  'sse-gateway:stream:open': channel('sse-gateway:stream:open'),
  'sse-gateway:stream:close': channel('sse-gateway:stream:close'),
  'sse-gateway:upstream:open': channel('sse-gateway:upstream:open'),
  'sse-gateway:upstream:close': channel('sse-gateway:upstream:close'),
  'sse-gateway:gap': channel('sse-gateway:gap'),
} as const satisfies Record<keyof Diagnostics, unknown>;

/** Publishes what `message` makes, if anybody listens. */
export function diagnose<Name extends keyof Diagnostics>(name: Name, message: () => Diagnostics[Name]): void {
  const to = CHANNELS[name];
  if (to.hasSubscribers) to.publish(message());
}
