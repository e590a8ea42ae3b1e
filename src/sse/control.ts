/**
 * The parts of a stream that are no events: comments and the reconnection time. It owns their spelling and refuses to
 * know when they are sent.
 */
import { Buffer } from 'node:buffer';

/**
 * A comment, one line per line of `text`. The blank line behind it dispatches nothing, and keeps readers that split at
 * blank lines from taking the comment for the head of the next event.
 */
export function comment(text: string): Buffer {
  return Buffer.from(`: ${text.split(/\r\n|\r|\n/).join('\n: ')}\n\n`);
}

/** The reconnection time for EventSource: whole milliseconds, at least 0. */
export function retryField(ms: number): Buffer {
  const whole = Math.min(Math.max(Math.round(ms), 0), Number.MAX_SAFE_INTEGER);
  return Buffer.from(`retry: ${whole}\n\n`);
}

/** What a silent stream says to be seen alive: the shortest comment. Shared; never to be written to. */
export const HEARTBEAT: Buffer = Buffer.from(':\n\n');
