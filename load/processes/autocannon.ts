/**
 * autocannon, a process of its own. A stream that does not end is no response to it: what it sees of one are the events
 * `headers` and `body` of its clients, so these are counted, and a stream that is open at its `timeout` is cut and opened
 * again, which is what makes churn.
 */
import type { Buffer } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import autocannon from 'autocannon';
import { answering } from './answering.js';

export interface Fire {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Whole seconds after which a client leaves and comes back; above `seconds`: never. */
  readonly leaveAfter: number;
}

export interface Fired {
  /** Streams that got a head with status 200. */
  readonly opened: number;
  readonly refused: number;
  /** Streams that the server ended properly. */
  readonly ended: number;
  readonly errors: number;
  readonly events: number;
}

answering({
  fire: async ({ url, connections, seconds, leaveAfter }: Fire): Promise<Fired> => {
    let opened = 0;
    let refused = 0;
    let events = 0;
    const result = await autocannon({
      url,
      connections,
      duration: seconds,
      timeout: leaveAfter,
      headers: { accept: 'text/event-stream' },
      setupClient: (described) => {
        // Its types know fewer events than it emits.
        const client = described as EventEmitter;
        let last: Buffer | undefined;
        // It cuts a stream that it gives up, and forgets that its parser stands in the middle of it.
        const { parser } = described as unknown as { parser: { reinitialize(type: string): void } };
        client.on('timeout', () => parser.reinitialize('RESPONSE'));
        client.on('headers', ({ statusCode }: { statusCode: number }) => {
          if (statusCode === 200) opened += 1;
          else refused += 1;
        });
        client.on('body', (read: Buffer) => {
          // It is the whole read of the socket, once per chunk in it.
          if (read !== last) events += count(read);
          last = read;
        });
      },
    });
    return { opened, refused, events, ended: result['2xx'], errors: result.errors - result.timeouts };
  },
});

function count(read: Buffer): number {
  let found = 0;
  for (let at = read.indexOf('\ndata:'); at >= 0; at = read.indexOf('\ndata:', at + 1)) found += 1;
  return found;
}
