/**
 * How long those who came in may stay (options `expiresAt`, `reauthorize`): the host's answers, asked by the core's
 * `Rechecks`. It refuses to know what a token is.
 */
import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import { GatewayError, Rechecks, systemClock } from '../src/index.js';
import type { Access } from './access-options.js';
import type { ClientStream } from './client-stream.js';

/** Undefined: nobody says that anybody must go. */
export function rechecksOf(options: Access, random: () => number): Rechecks<ClientStream> | undefined {
  const { expiresAt, reauthorize, reauthMs, reauthTimeoutMs } = options;
  if (expiresAt === undefined && reauthorize === undefined) return undefined;
  return new Rechecks<ClientStream>({
    ...{ clock: systemClock, random, everyMs: reauthMs, timeoutMs: reauthTimeoutMs },
    ask: reauthorize && (({ request, described }) => reauthorize(request, described)),
    refused: (stream, why) => {
      tell(stream.request.log, stream.channel.key, why);
      stream.end('unauthorized');
    },
  });
}

/**
 * When what a client showed expires; undefined: not.
 * @throws GatewayError 401 when that is over, and what the host throws
 */
export function expiryOf(expiresAt: Access['expiresAt'], request: FastifyRequest): Date | undefined {
  const until = expiresAt?.(request);
  if (until === undefined) return undefined;
  // A date that is none must let nobody in for good.
  if (!(until instanceof Date) || Number.isNaN(until.getTime()))
    throw new GatewayError('OPTION_INVALID', 'sse-gateway option expiresAt: expected a Date or undefined');
  if (until.getTime() > systemClock.wallNow()) return until;
  throw new GatewayError('UNAUTHORIZED', 'what this request shows has expired');
}

/** An answer of `false` and a date are plain; anything else may be a mistake of the host. */
function tell(log: FastifyBaseLogger, channel: string, why: unknown): void {
  if (why === false || why === 'expired') log.info({ channel }, 'a stream may not go on');
  else if (why instanceof Error) log.info({ channel, err: why }, 'a stream may not go on');
  else log.warn({ channel }, `reauthorize answered ${typeof why}, neither true nor a Date: its stream ends`);
}
