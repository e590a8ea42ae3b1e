/**
 * The connections that a stream occupies: what a server answers there to something that is no request would stand in the
 * middle of the stream, so the connection ends instead. It refuses to judge requests.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

const occupied = new WeakSet<Socket>();

/** From now on a stream is on it. */
export function occupy(connection: Socket): void {
  occupied.add(connection);
}

/** The stream has ended; the connection may serve others. */
export function vacate(connection: Socket): void {
  occupied.delete(connection);
}

/** From now on the server's own answers to broken requests, and to those that take too long, spare streams. Idempotent. */
export function spareStreams(server: EventEmitter): void {
  if (server.listeners('clientError').includes(cut)) return;
  // Before those who answer: they leave alone what is destroyed.
  server.prependListener('clientError', cut);
}

function cut(_error: Error, connection: unknown): void {
  if (occupied.has(connection as Socket)) (connection as Socket).destroy();
}
