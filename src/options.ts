/**
 * The options: their types with units and defaults, checked once at start and frozen. A leaf: it knows no part of the
 * gateway, and refuses anything it does not know: an unknown name or a wrong unit is an error that names the path.
 */
import { z } from 'zod';
import { GatewayError } from './errors.js';
import { CHANNEL_SCHEMA, DEFAULTS_SCHEMA, GATEWAY_SCHEMA } from './options/schema.js';
import { isFamily, nonsense } from './options/sense.js';
import type { ChannelDefaults, ChannelOptions, GatewayOptions } from './options/types.js';

export type { ChannelDefaults, ChannelOptions, GatewayOptions } from './options/types.js';

type Resolved<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Options of one channel with every default filled in. `url` is a list, empty for a channel that only `publish` feeds. */
export type ResolvedChannelOptions = Resolved<Omit<ChannelOptions, 'url' | 'tls'>> & {
  readonly url: readonly string[];
  readonly tls: ChannelOptions['tls'] | undefined;
};

/** Options of the gateway with every default filled in, per channel too. Deeply frozen. */
export type ResolvedGatewayOptions = Resolved<Omit<GatewayOptions, 'channels' | 'defaults'>> & {
  readonly channels: Readonly<Record<string, ResolvedChannelOptions>>;
};

/**
 * Checks options and fills in the defaults.
 * @throws GatewayError `SSE_GATEWAY_OPTION_INVALID` that names the path of the first fault and how many more there are.
 */
export function resolveOptions(input: GatewayOptions): ResolvedGatewayOptions {
  refusePrototypes(input, '');
  const { channels, defaults, ...gateway } = check(GATEWAY_SCHEMA, input, '');
  const shared = check(DEFAULTS_SCHEMA, defaults ?? {}, 'defaults') as ChannelDefaults;
  const resolved: Record<string, ResolvedChannelOptions> = Object.create(null);
  for (const [name, own] of Object.entries(channels)) {
    const path = `channels.${name}`;
    checkTemplate(name, path);
    const wanted = { ...shared, ...given(own) };
    const { url, ...options } = check(CHANNEL_SCHEMA, wanted, path);
    const urls = url === undefined ? [] : [url].flat();
    checkUrls(name, urls, path);
    const ids = idsFor(urls, options, 'ids' in wanted, path);
    const filled = { ...options, ...ids, url: urls, tls: options.tls } as ResolvedChannelOptions;
    const [option, message] = nonsense(name, given(own), filled) ?? [];
    if (option !== undefined) throw invalid(`${path}.${option}`, message!);
    resolved[name] = { ...filled, ...notFor(name, filled) };
  }
  return freeze({ ...gateway, channels: resolved } as ResolvedGatewayOptions);
}

/** Options that came from `defaults` and are not for this channel. */
function notFor(name: string, options: ResolvedChannelOptions): Partial<ResolvedChannelOptions> {
  return {
    // Without an upstream there is nothing to forward, and no reason to tell clients apart.
    ...(options.url.length === 0 ? { forwardHeaders: [] } : {}),
    // A client could keep as many open, or make as many fail, as it has names for.
    ...(isFamily(name, options) ? { always: false, required: false } : {}),
  };
}

/** Objects in options: the root, `channels`, a channel, its `headers`. */
const DEPTH = 4;

/** A key that JSON can hold and assignments take for something else: validation drops it without a word. */
function refusePrototypes(value: unknown, path: string, depth = DEPTH): void {
  if (typeof value !== 'object' || value === null || depth === 0) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (key === '__proto__') throw invalid(at, 'unknown option');
    refusePrototypes(inner, at, depth - 1);
  }
}

/** What was given: an option that is there but undefined counts as absent, and overrides nothing. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Validates against a schema; the first issue becomes the one error. */
export function check<T extends z.ZodType>(schema: T, input: unknown, path: string): z.output<T> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  // A name that is not known explains the one that is missing.
  const issues = result.error.issues.toSorted((a, b) => Number(isUnknown(b)) - Number(isUnknown(a)));
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw invalid(...describe(issues[0]!, path, schema), more);
}

const isUnknown = ({ code }: z.core.$ZodIssue): boolean => code === 'unrecognized_keys';

function describe(issue: z.core.$ZodIssue, base: string, schema: z.ZodType): [path: string, message: string] {
  const path = [base, ...issue.path.map(String)].filter((part) => part !== '').join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const near = issue.path.length === 0 ? nearest(key, schema) : undefined;
    const hint = near === undefined ? '' : `, did you mean ${near}?`;
    return [path === '' ? key : `${path}.${key}`, `unknown option${hint}`];
  }
  return [path, `${issue.message}; got ${shown(issue.input, SECRET.has(issue.path[0]))}`];
}

/** Where secrets are kept: request headers, keys, URLs. */
const SECRET = new Set<PropertyKey | undefined>(['headers', 'tls', 'url', 'channels', 'defaults']);

/** A wrong value as the error shows it: figures and words as they are, anything else, and what may be secret, by kind. */
function shown(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string' && !secret) return JSON.stringify(value).slice(0, 80);
  return `a value of type ${Array.isArray(value) ? 'array' : typeof value}`;
}

/** The known option that the unknown one probably means: the same letters at the start, whatever the unit behind. */
function nearest(key: string, schema: z.ZodType): string | undefined {
  if (!(schema instanceof z.ZodObject)) return undefined;
  const bare = (name: string) => name.toLowerCase().replace(/(ms|bytes|s)$/, '');
  const wanted = bare(key);
  if (wanted === '') return undefined;
  return Object.keys(schema.shape).find((known) => {
    const candidate = bare(known);
    return candidate.startsWith(wanted) || wanted.startsWith(candidate);
  });
}

function invalid(path: string, message: string, more = ''): GatewayError {
  return new GatewayError('OPTION_INVALID', `sse-gateway option ${path || '(root)'}: ${message}${more}`);
}

const SEGMENT = /^(?::[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._~-]+)$/;

/** Channel names are paths below the events route: literal segments and `:parameters`, nothing to be decoded. */
function checkTemplate(name: string, path: string): void {
  const segments = name.split('/');
  const bad = segments.find((segment) => !SEGMENT.test(segment) || segment === '.' || segment === '..');
  if (bad !== undefined) {
    throw invalid(
      path,
      `a channel name has segments of letters, digits, ._~- or :parameter; got ${JSON.stringify(bad)}`,
    );
  }
  const parameters = segments.filter((segment) => segment.startsWith(':'));
  if (new Set(parameters).size !== parameters.length) throw invalid(path, 'a parameter is named twice');
}

/** Where several upstreams have ids of their own, only minted ones name one event each. */
function idsFor(
  urls: readonly string[],
  { ids, sharedIds }: { readonly ids: string; readonly sharedIds: boolean },
  asked: boolean,
  path: string,
): { readonly ids?: 'gateway' } {
  if (urls.length < 2) return {};
  if (!asked) return { ids: 'gateway' };
  if (ids === 'gateway' || sharedIds) return {};
  throw invalid(`${path}.ids`, `with several URLs expected gateway, or sharedIds: true; got "${ids}"`);
}

function checkUrls(name: string, urls: readonly string[], path: string): void {
  for (const url of urls) checkUrl(name, url, path);
  if (new Set(urls.map((url) => new URL(url).href)).size < urls.length)
    throw invalid(`${path}.url`, 'a URL is listed twice');
}

function checkUrl(name: string, url: string, path: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw invalid(`${path}.url`, 'expected an absolute http: or https: URL');
  }
  const known = new Set(name.split('/').filter((segment) => segment.startsWith(':')));
  for (const segment of parsed.pathname.split('/')) {
    if (segment.startsWith(':') && !known.has(segment)) {
      throw invalid(`${path}.url`, `the channel name has no parameter ${segment}`);
    }
  }
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === Array.prototype || prototype === null) {
      for (const inner of Object.values(value)) freeze(inner);
      Object.freeze(value);
    }
  }
  return value;
}
