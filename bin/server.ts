/**
 * The Fastify server that the command runs: made, listening, and left politely. It refuses to know what is served.
 */
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { SseGatewayOptions } from '../plugins/options.js';
import sseGateway from '../plugins/plugin.js';
import type { Address } from './address.js';
import { CommandError } from './failure.js';
import type { LogLevel } from './logs.js';
import { onStopSignal, type StopSignal } from './signals.js';

/** A template parameter has up to 256 characters of up to 3 bytes, each of them `%XX`; Fastify's own limit is 100. */
const MAX_PARAMETER_LENGTH = 256 * 3 * 3;

/** How long a client may take over the head of a request, and over all of it, ms; how often that is looked at. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const LOOK_MS = 2_000;

export interface LogTarget {
  readonly level: LogLevel;
  /** Takes pino's lines; default stdout as they are. */
  readonly stream?: { write(line: string): void };
}

/** An app with the plugin in it; not ready yet. */
export function createServer(options: SseGatewayOptions, logger: LogTarget): FastifyInstance {
  const app = Fastify({
    logger: {
      ...logger,
      serializers: { req: describeRequest },
      // The bytes of a request that could not be read: its headers are among them.
      redact: { paths: ['err.rawPacket'], remove: true },
    },
    frameworkErrors: (error, _request, reply: FastifyReply) =>
      void reply.code(error.statusCode ?? 400).send({ code: error.code, error: 'this URL can not be read' }),
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    // Streams have their own limits; nothing else that a client sends takes long, unless it means to.
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: LOOK_MS },
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Streams are drained by then. A connection that never asked for anything is idle to nobody, and would be waited for.
    forceCloseConnections: true,
  });
  // Fastify's own answer and log line repeat the URL with its query.
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ statusCode: 404, error: 'Not Found', message: 'there is nothing here' }),
  );
  // The server is ours alone: nobody else is surprised by what leaves its connections.
  app.register(sseGateway, { detachStreams: true, ...options });
  return app;
}

/** A request in the log: without what stands behind `?`, where tokens are. */
function describeRequest({ method, url, host, ip }: FastifyRequest): Record<string, unknown> {
  const [path, query] = url.split('?', 2);
  return { method, url: query === undefined ? path : `${path}?…`, host, remoteAddress: ip };
}

/**
 * Listens, announces the origin by which a local client gets there (`http://127.0.0.1:3000`), and resolves after a signal
 * came, the clients were let go and the server is closed. The drain comes first and on its own: Fastify refuses
 * newcomers while it closes, and a refusal ends an EventSource for good.
 * @throws CommandError when the address can't be had; GatewayError for options of the plugin
 */
export async function runServer(
  app: FastifyInstance,
  address: Address,
  announce: (origin: string) => void,
): Promise<void> {
  // Before anyone can connect: from then on no signal may cut a client off.
  const stopped = new Promise<StopSignal>(onStopSignal);
  announce(await listen(app, address));
  app.log.info({ signal: await stopped }, 'draining');
  await app.sseGateway.drain();
  await app.close();
  app.log.info('closed');
}

async function listen(app: FastifyInstance, address: Address): Promise<string> {
  try {
    await app.listen(address);
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall !== 'listen' && syscall !== 'getaddrinfo') throw cause;
    const where = `${address.host}:${address.port}`;
    const why =
      code === 'EADDRINUSE'
        ? 'is in use; choose another with --port or PORT'
        : `cannot be listened on (${code})`;
    throw new CommandError(`${where} ${why}`, { cause });
  }
  const bound = app.server.address() as AddressInfo;
  const everywhere = bound.address === '0.0.0.0' || bound.address === '::';
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return `http://${everywhere ? 'localhost' : host}:${bound.port}`;
}
