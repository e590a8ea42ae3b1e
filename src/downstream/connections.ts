/**
 * Puts a `Connection` between the sockets that a server accepts and its HTTP: nothing says how to do that with a server
 * that listens already, so that it is tried, and told when it can't be. It refuses what is encrypted: there the buffers of
 * TLS outweigh all that would be saved.
 */
import { Server } from 'node:http';
import { Socket } from 'node:net';
import { Connection } from './connection.js';

type Listener = (this: Server, socket: unknown) => void;

/** How the listener goes by which makes an HTTP connection of an accepted socket. */
const HTTP = 'connectionListener';

/**
 * From now on the server's streams can leave their connection. False: this server, or this Node, is not made so that it
 * could be done, and nothing was changed. Servers that do it already stay as they are.
 */
export function carryConnections(server: unknown): boolean {
  if (!(server instanceof Server)) return false;
  const listeners = server.rawListeners('connection') as Listener[];
  if (listeners.includes(carry)) return true;
  const [http, ...others] = listeners.filter(({ name }) => name === HTTP);
  if (http === undefined || others.length > 0) return false;
  // In its place: a listener of the host that stood before it or behind it still does.
  server.removeAllListeners('connection');
  for (const listener of listeners) server.on('connection', listener === http ? carry : listener);
  originals.set(server, http);
  return true;
}

const originals = new WeakMap<Server, Listener>();

function carry(this: Server, socket: unknown): void {
  // Anything else was injected: it is a connection of somebody else's making.
  originals.get(this)!.call(this, socket instanceof Socket ? new Connection(socket) : socket);
}
