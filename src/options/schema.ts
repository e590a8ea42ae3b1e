/**
 * The options in force: one table with type, bounds and default of each. It refuses to interpret: cross-checks between
 * options stand in `options.ts`.
 */
import { z } from 'zod';
import { MAX_TIMER_MS } from '../clock.js';

const ms = (value: number, min = 1) => {
  const expected = `expected milliseconds, a number from ${min} to ${MAX_TIMER_MS}`;
  return z.number(expected).min(min, expected).max(MAX_TIMER_MS, expected).default(value);
};
const integer = (what: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER) => {
  const expected = `expected ${what}, an integer from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected).default(value);
};
const unlimited = (what: string) => {
  const expected = `expected ${what}, an integer from 1, or Infinity`;
  return z
    .union([z.int(expected).min(1, expected), z.literal(Number.POSITIVE_INFINITY)], expected)
    .default(Number.POSITIVE_INFINITY);
};
const bytes = (value: number, min: number, max?: number) => integer('bytes', value, min, max);
const flag = (value: boolean) => z.boolean('expected true or false').default(value);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, value: T[number]) =>
  z.enum(values, `expected one of ${values.join(', ')}`).default(value as never);

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that the gateway itself must own: framing, negotiation and resume depend on them. */
const OWN_HEADERS = new Set(
  'accept accept-encoding connection content-length host last-event-id transfer-encoding upgrade'.split(' '),
);
const headers = z
  .record(
    z.string().regex(HEADER_NAME, 'expected a header name'),
    z.string('expected a header value').regex(HEADER_VALUE, 'expected a header value'),
  )
  .refine(
    (record) => !Object.keys(record).some((name) => OWN_HEADERS.has(name.toLowerCase())),
    `may not set ${[...OWN_HEADERS].join(', ')}`,
  )
  .default({});

/** Headers that speak of the client's own connection (RFC 9110 §7.6.1), and what is asked of the gateway alone. */
const NOT_FORWARDED = new Set([
  ...OWN_HEADERS,
  ...'expect keep-alive proxy-authorization proxy-connection range te trailer'.split(' '),
]);
const forwardHeaders = z
  .array(
    z.string('expected a header name').regex(HEADER_NAME, 'expected a header name'),
    'expected a list of header names',
  )
  .refine(
    (names) => !names.some((name) => NOT_FORWARDED.has(name.toLowerCase())),
    `may not name ${[...NOT_FORWARDED].join(', ')}`,
  )
  .transform((names) => [...new Set(names.map((name) => name.toLowerCase()))].sort())
  .default([]);

const text = z.string('expected a string in PEM form');

const CHANNEL = {
  headers,
  forwardHeaders,
  tls: z
    .strictObject({
      ca: text.optional(),
      cert: text.optional(),
      key: text.optional(),
      servername: z.string().optional(),
    })
    .optional(),
  always: flag(false),
  required: flag(false),
  ids: oneOf(['auto', 'upstream', 'gateway'], 'auto'),
  sharedIds: flag(false),
  privateAddresses: flag(true),
  replay: z
    .union(
      [z.boolean(), z.literal('unknown'), z.literal('proven')],
      'expected unknown, proven, true or false',
    )
    .default('unknown'),
  onGap: oneOf(['signal', 'reject', 'silent'], 'signal'),
  onSlow: oneOf(['skip', 'disconnect'], 'skip'),
  lingerMs: ms(30_000, 0),
  connectWaitMs: ms(2_000, 0),
  resumeWaitMs: ms(2_000, 0),
  replayBytes: bytes(8_388_608, 1_024),
  heartbeatMs: ms(15_000),
  stalledMs: ms(30_000),
  keepAliveMs: ms(60_000, 0),
  maxAgeMs: ms(3_600_000, 0),
  retryMinMs: ms(1_000),
  retryMaxMs: ms(5_000),
  sliceBytes: bytes(65_536, 1_024, 1_048_576),
  coalesceMs: ms(0, 0),
  retainBytes: bytes(8_388_608, 4_096),
  retainEvents: integer('a number of events', 10_000, 1, 10_000_000),
  retainAgeMs: ms(300_000),
  maxEventBytes: bytes(1_048_576, 1_024, 268_435_456),
  maxHeaderBytes: bytes(16_384, 1_024, 1_048_576),
  connectTimeoutMs: ms(10_000),
  firstByteTimeoutMs: ms(30_000),
  idleTimeoutMs: ms(90_000),
  backoffBaseMs: ms(1_000),
  backoffMinMs: ms(100),
  backoffMaxMs: ms(30_000),
  retryAfterMaxMs: ms(300_000, 0),
  maxAttempts: unlimited('a number of attempts'),
  retryFailedMs: ms(60_000, 0),
  maxRedirects: integer('a number of redirects', 5, 0, 20),
  maxSubscribers: unlimited('a number of subscribers'),
  maxChannels: integer('a number of channels', 1_000, 1),
} as const;

/** Every default, each replaced by "absent": what a user may share between channels, before any default is filled in. */
export const DEFAULTS_SCHEMA = z.strictObject(
  Object.fromEntries(
    Object.entries(CHANNEL).map(([name, type]) => [
      name,
      (type instanceof z.ZodDefault ? (type.unwrap() as z.ZodType) : type).optional(),
    ]),
  ),
);

const URLS = 'expected a URL, or a list of 1 to 16 URLs';
const url = z
  .union([z.string(URLS), z.array(z.string(URLS), URLS).min(1, URLS).max(16, URLS)], URLS)
  .optional();

export const CHANNEL_SCHEMA = z.strictObject({ ...CHANNEL, url });

export const GATEWAY_SCHEMA = z.strictObject({
  channels: z
    .record(z.string(), z.looseObject({}, 'expected an object'), 'expected an object of channels')
    .refine((channels) => Object.keys(channels).length > 0, 'expected at least one channel'),
  defaults: z.looseObject({}, 'expected an object').optional(),
  name: z
    .string('expected a name')
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'expected 1 to 64 letters, digits, . _ or -')
    .default('default'),
  maxLogBytes: bytes(268_435_456, 65_536),
  maxReplayBytes: bytes(134_217_728, 1_024),
  pool: z.union([z.boolean(), z.literal('poison')], 'expected true, false or "poison"').default(true),
  directWrites: flag(true),
  connectsPerSecond: integer('connections per second', 100, 1, 100_000),
  maxConnections: unlimited('a number of streams'),
  maxConnectionsPerIp: unlimited('a number of streams'),
  acceptsPerSecond: unlimited('a number of streams per second'),
  drainDelayMs: ms(0, 0),
  drainMs: ms(5_000, 0),
});
