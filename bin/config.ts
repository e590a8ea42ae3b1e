/**
 * A config file: JSON with the plugin's options, `listen` and `logLevel`. It owns the last two; the plugin's options are
 * checked by whoever owns them, here only sooner, so that an error names the file too.
 */
import { readFileSync } from 'node:fs';
import { type SseGatewayOptions, splitOptions } from '../plugins/options.js';
import { GatewayError, type ResolvedGatewayOptions, resolveOptions } from '../src/index.js';
import { type Address, isPort } from './address.js';
import { CommandError } from './failure.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from './logs.js';

/** How long a command that drains still accepts clients while its readiness fails, ms: what balancers need to notice. */
const DRAIN_DELAY_MS = 5_000;

export interface Config {
  /** For the plugin. */
  readonly options: SseGatewayOptions;
  /** The same with every default, for whoever wants to judge them. */
  readonly resolved: ResolvedGatewayOptions;
  readonly listen: Partial<Address>;
  readonly logLevel: LogLevel | undefined;
}

/** @throws CommandError that names the file, and the path of the option */
export function loadConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandError(`${file}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  try {
    return readConfig(JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof GatewayError || cause instanceof SyntaxError)) throw cause;
    const what = cause instanceof SyntaxError ? `no JSON: ${cause.message}` : cause.message;
    throw new CommandError(`${file}: ${what}`, { cause });
  }
}

/** Checks what a file says. @throws GatewayError `SSE_GATEWAY_OPTION_INVALID` that names the path of the option */
export function readConfig(input: unknown): Config {
  const { listen, logLevel, ...plugin } = record(input, '(root)');
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    throw invalid('logLevel', `expected one of ${LOG_LEVELS.join(', ')}; got ${JSON.stringify(logLevel)}`);
  }
  const options = { drainDelayMs: DRAIN_DELAY_MS, ...plugin } as SseGatewayOptions;
  refuseCode(plugin);
  const { gateway } = splitOptions(options);
  return { options, resolved: resolveOptions(gateway), listen: readListen(listen), logLevel };
}

function readListen(input: unknown): Partial<Address> {
  if (input === undefined) return {};
  const { host, port, ...others } = record(input, 'listen');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`listen.${unknown}`, 'unknown option, expected host or port');
  if (host !== undefined && (typeof host !== 'string' || host === '')) {
    throw invalid('listen.host', `expected a host name or an address; got ${JSON.stringify(host)}`);
  }
  if (port !== undefined && !isPort(port)) {
    throw invalid('listen.port', `expected a port, 0 to 65535; got ${JSON.stringify(port)}`);
  }
  return { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) };
}

/** Options that are code or Fastify's, which no file can hold: unknown here. */
function refuseCode(plugin: Readonly<Record<string, unknown>>): void {
  for (const name of ['onStream', 'expiresAt', 'reauthorize', 'prefix'])
    if (name in plugin) throw invalid(name, 'unknown option in a file');
  const { metrics } = plugin;
  if (typeof metrics === 'object' && metrics !== null && 'registry' in metrics) {
    throw invalid('metrics.registry', 'unknown option in a file');
  }
}

function record(input: unknown, path: string): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalid(path, 'expected an object');
  }
  return input as Record<string, unknown>;
}

function invalid(path: string, message: string): GatewayError {
  return new GatewayError('OPTION_INVALID', `sse-gateway option ${path}: ${message}`);
}
