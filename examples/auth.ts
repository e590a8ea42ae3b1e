/**
 * @fastify/jwt in front of the gateway: who may open a stream is decided by hooks, as for any other route.
 *
 *     npm run build:test && JWT_SECRET=… node build/examples/auth.js 'http://127.0.0.1:9000/rooms/:room/events'
 *     token=$(curl -s -H 'content-type: application/json' -d '{"name":"amy","password":"amy"}' \
 *       http://127.0.0.1:3000/login | jq -r .token)
 *     curl -N -H "Authorization: Bearer $token" http://127.0.0.1:3000/events/rooms/attic
 *
 * A browser's EventSource can't set headers: give @fastify/jwt its `cookie` option, and log in with a cookie.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import jwt from '@fastify/jwt';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
// In an app of yours: from 'fastify-sse-gateway'.
import sseGateway from '../plugins/plugin.js';

const TOKEN_LIFE_SECONDS = 15 * 60;

/** What a token says. */
interface User {
  readonly jti: string;
  readonly name: string;
  readonly rooms: readonly string[];
  /** Seconds since the Unix epoch. */
  readonly exp: number;
}

const userOf = (request: FastifyRequest): User => request.user as User;

export interface AuthOptions {
  /** With the parameter `:room`. */
  readonly upstream: string;
  readonly secret: string;
  /** The rooms of who has this name and password; undefined: nobody has. */
  readonly roomsOf: (name: string, password: string) => readonly string[] | undefined;
  readonly logger?: boolean;
  /** Default a quarter of an hour. */
  readonly tokenLifeSeconds?: number;
  /** How often open streams are looked at again. Default one minute. */
  readonly reauthMs?: number;
}

/** The app, not listening yet. */
export async function buildApp(options: AuthOptions): Promise<FastifyInstance> {
  const app = Fastify({ logger: options.logger ?? false });
  const revoked = new Set<string>();
  await app.register(jwt, {
    secret: options.secret,
    sign: { expiresIn: options.tokenLifeSeconds ?? TOKEN_LIFE_SECONDS },
    trusted: (_request, token) => !revoked.has((token as unknown as User).jti),
  });

  // Before the gateway is registered, so that its routes have it. Health and metrics stay open to probes and scrapers.
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.sseGateway === undefined) return;
    await request.jwtVerify();
    const { room } = request.params as { room?: string };
    if (room !== undefined && !userOf(request).rooms.includes(room))
      return reply.code(403).send({ error: 'not your room' });
  });

  await app.register(sseGateway, {
    channels: {
      'rooms/:room': { url: options.upstream },
      notices: {},
    },
    // No stream outlives its token: its client comes back with a new one, exactly where it was.
    expiresAt: (request) => new Date(userOf(request).exp * 1_000),
    // Meanwhile: is the token still trusted, and is the room still its user's?
    reauthorize: async (request) => {
      await request.jwtVerify();
      const { room } = request.params as { room?: string };
      return room === undefined || userOf(request).rooms.includes(room);
    },
    ...(options.reauthMs === undefined ? {} : { reauthMs: options.reauthMs }),
  });

  app.post<{ Body: { name: string; password: string } }>(
    '/login',
    {
      schema: {
        body: {
          type: 'object',
          required: ['name', 'password'],
          properties: { name: { type: 'string' }, password: { type: 'string' } },
        },
      },
    },
    async ({ body: { name, password } }, reply) => {
      const rooms = options.roomsOf(name, password);
      if (rooms === undefined) return reply.code(401).send({ error: 'wrong name or password' });
      return { token: app.jwt.sign({ jti: randomUUID(), name, rooms }) };
    },
  );

  // Those of this process need not wait until they are looked at again.
  app.post('/logout', { onRequest: (request) => request.jwtVerify() }, async (request) => {
    const { jti } = userOf(request);
    revoked.add(jti);
    return { ended: app.sseGateway.disconnect((stream) => userOf(stream.request).jti === jti) };
  });
  return app;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const upstream = process.argv[2];
  const secret = process.env['JWT_SECRET'];
  if (upstream === undefined || secret === undefined)
    throw new Error('usage: JWT_SECRET=… auth.js <URL of an event stream, with :room>');
  const roomsOf = (name: string, password: string) =>
    name === 'amy' && password === 'amy' ? ['attic', 'cellar'] : undefined;
  const app = await buildApp({ upstream, secret, roomsOf, logger: true });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close());
  await app.listen({ port: Number(process.env['PORT'] ?? 3000) });
}
