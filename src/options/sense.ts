/**
 * Options of a channel that are valid one by one and make no sense together: one that could do nothing, one that undoes
 * another, one that would lend the gateway's own credentials to clients. It refuses to look at values of one option alone,
 * which is the schema's.
 */
import type { ResolvedChannelOptions } from '../options.js';

/** What is wrong, and with which option. */
export type Nonsense = readonly [option: string, message: string];

/** Options that say something of an upstream; figures for one are let pass. */
const OF_UPSTREAM = ['headers', 'forwardHeaders', 'tls', 'always', 'required', 'replay'];

/** Pairs of which the first may not be above the second. */
const ORDERED: readonly (readonly [keyof ResolvedChannelOptions, keyof ResolvedChannelOptions])[] = [
  ['backoffMinMs', 'backoffMaxMs'],
  ['backoffBaseMs', 'backoffMaxMs'],
  ['retryMinMs', 'retryMaxMs'],
  ['maxEventBytes', 'retainBytes'],
];

/** Whether one configured name stands for many channels: clients say which. */
export function isFamily(
  name: string,
  { forwardHeaders }: Pick<ResolvedChannelOptions, 'forwardHeaders'>,
): boolean {
  return name.includes(':') || forwardHeaders.length > 0;
}

/**
 * The first thing that makes no sense, if there is one.
 * @param own what the channel itself was given: what is shared by `defaults` may suit the others
 */
export function nonsense(name: string, own: object, options: ResolvedChannelOptions): Nonsense | undefined {
  return orderOf(options) ?? idle(name, own, options) ?? lent(options);
}

function orderOf(options: ResolvedChannelOptions): Nonsense | undefined {
  for (const [low, high] of ORDERED) {
    if (options[low]! > options[high]!)
      return [low, `must not be above ${high} (${options[high]}); got ${options[low]}`];
  }
  return undefined;
}

/** Options that do nothing where they stand. */
function idle(name: string, own: object, options: ResolvedChannelOptions): Nonsense | undefined {
  const given = Object.entries(own).filter(([, value]) => value !== false);
  const has = (option: string): boolean => given.some(([other]) => other === option);
  const upstream = OF_UPSTREAM.find(has);
  if (options.url.length === 0 && upstream !== undefined)
    return [upstream, 'does nothing for a channel without url'];
  const single = isFamily(name, options) ? ['always', 'required'].find(has) : undefined;
  return single === undefined
    ? undefined
    : [single, 'this name stands for as many channels as clients ask for; it is for a single one'];
}

/** A client that sends no credentials must not get what the gateway's own ones are answered. */
function lent({ url, headers, forwardHeaders }: ResolvedChannelOptions): Nonsense | undefined {
  const fixed = Object.keys(headers).map((name) => name.toLowerCase());
  const userinfo = (one: string): string => new URL(one).username + new URL(one).password;
  if (url.some((one) => userinfo(one) !== '')) fixed.push('authorization');
  const both = forwardHeaders.find((name) => fixed.includes(name));
  return both === undefined
    ? undefined
    : ['forwardHeaders', `${both} is sent for the gateway itself (headers, or userinfo in url): not both`];
}
