/**
 * The configured names, each with its template, its counters and the channels alive under it. It finds, makes room and
 * forgets; it refuses to know what a channel is made of.
 */
import type { Channel } from './channel.js';
import { GatewayError } from './errors.js';
import { ForwardedDigest, forwardedHeaders, type RequestHeaders } from './forwarding.js';
import { ChannelMetrics } from './metrics/channel-metrics.js';
import { isFamily } from './options/sense.js';
import type { ResolvedChannelOptions } from './options.js';
import { byPrecedence, compileTemplate, fillName, type Parameters, type Template } from './template.js';

export interface Family {
  readonly name: string;
  readonly template: Template;
  readonly options: ResolvedChannelOptions;
  readonly metrics: ChannelMetrics;
  /** Clients say which of how many channels they want. */
  readonly many: boolean;
  /** By their own names. */
  readonly channels: Map<string, Channel>;
}

export class Families {
  readonly #byName = new Map<string, Family>();
  /** In the order in which a path is matched against them. */
  readonly #templates: readonly Template[];
  readonly #digest = new ForwardedDigest();

  constructor(channels: Readonly<Record<string, ResolvedChannelOptions>>) {
    for (const [name, options] of Object.entries(channels)) {
      const template = compileTemplate(name);
      const [metrics, many] = [new ChannelMetrics(), isFamily(name, options)];
      this.#byName.set(name, { name, template, options, metrics, many, channels: new Map() });
    }
    this.#templates = [...this].map(({ template }) => template).sort(byPrecedence);
  }

  [Symbol.iterator](): IterableIterator<Family> {
    return this.#byName.values();
  }

  /** Every channel alive. */
  *alive(): IterableIterator<Channel> {
    for (const { channels } of this) yield* channels.values();
  }

  /** @throws GatewayError `CHANNEL_UNKNOWN` */
  get(name: string): Family {
    const family = this.#byName.get(name);
    if (family !== undefined) return family;
    throw new GatewayError(
      'CHANNEL_UNKNOWN',
      `there is no channel ${quoted(name)}; templates go by their configured name`,
    );
  }

  /**
   * A channel's own name: the template with its parameters in place, and what stands for the headers that are forwarded.
   * @throws GatewayError `PARAMETER_INVALID`
   */
  keyOf({ name, template, options }: Family, parameters: Parameters, headers: RequestHeaders): string {
    const key = fillName(template, parameters);
    if (key !== undefined && options.forwardHeaders.length === 0) return key;
    if (key !== undefined) return key + this.#digest.of(forwardedHeaders(options.forwardHeaders, headers));
    throw new GatewayError('PARAMETER_INVALID', `a parameter of ${name} is missing or not allowed`);
  }

  /**
   * The configured name and the parameters that a path such as `rooms/lobby` stands for.
   * @throws GatewayError `CHANNEL_UNKNOWN`, also for a path that stands for a channel per client
   */
  at(path: string): { readonly name: string; readonly parameters: Parameters } {
    if (this.#byName.get(path)?.template.parameters.length) {
      throw new GatewayError('CHANNEL_UNKNOWN', `${path} is a template: name one of its channels`);
    }
    for (const { name, match } of this.#templates) {
      const parameters = match(path);
      if (parameters === undefined) continue;
      if (this.get(name).options.forwardHeaders.length === 0) return { name, parameters };
      throw new GatewayError('CHANNEL_UNKNOWN', `${quoted(path)} is a channel of its own for each client`);
    }
    throw new GatewayError('CHANNEL_UNKNOWN', `there is no channel ${quoted(path)}`);
  }

  /** Sees to it that one more channel may live. @throws GatewayError `CHANNEL_LIMIT` */
  makeRoom({ name, options, metrics, channels }: Family): void {
    if (channels.size < options.maxChannels) return;
    // Rather one that has nothing to lose.
    const idle = [...channels].filter(([, channel]) => channel.idle);
    const victim = idle.find(([, { forgettable, state }]) => forgettable || state === 'failed') ?? idle[0];
    if (victim === undefined) {
      metrics.refusals.add('channel-limit');
      throw new GatewayError('CHANNEL_LIMIT', `channel ${name} has ${options.maxChannels} channels alive`);
    }
    const [key, channel] = victim;
    channel.close('idle');
    channels.delete(key);
  }

  /** The periodic look at every channel; of those that clients name, the ones that nobody needs are forgotten. */
  tick(now: number, sleptMs: number): void {
    for (const { many, channels } of this) {
      for (const [key, channel] of channels) {
        channel.tick(now, sleptMs);
        if (!many || !channel.forgettable) continue;
        channel.close('idle');
        channels.delete(key);
      }
    }
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
