/**
 * Waits until a response owns its socket. A pipelined one does only when those before it are done; what is written to
 * the socket earlier lands in the middle of theirs. It refuses to know what the response is for.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Those who wait on each connection: one listener for all, as a client may pipeline hundreds of requests. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/** More requests behind one that does not end are no client's need, and each costs memory: the connection is cut. */
const MAX_WAITING = 256;

/** Whether it does, as far as that is known now. Otherwise a promise: false when the connection ends first. */
export function ownsSocket(response: ServerResponse): boolean | Promise<boolean> {
  const connection = response.req.socket;
  if (response.socket !== null) return !response.socket.destroyed;
  if (connection.destroyed) return false;
  return new Promise((resolve) => {
    const waiters = waitersOn(connection);
    if (waiters.size >= MAX_WAITING) connection.destroy();
    const settle = (owned: boolean): void => {
      response.removeListener('socket', owns);
      waiters.delete(gone);
      resolve(owned);
    };
    const owns = (): void => settle(true);
    const gone = (): void => settle(false);
    response.once('socket', owns);
    waiters.add(gone);
  });
}

function waitersOn(connection: Socket): Set<() => void> {
  const known = waiting.get(connection);
  if (known !== undefined) return known;
  const waiters = new Set<() => void>();
  waiting.set(connection, waiters);
  connection.once('close', () => {
    for (const gone of waiters) gone();
  });
  return waiters;
}
