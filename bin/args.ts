/**
 * argv, read: which command, with which options. It owns what may be said on the command line, and refuses to look at
 * files, the environment and the options' meaning for the gateway.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Address } from './address.js';
import { parsePort } from './address.js';
import { UsageError } from './failure.js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from './logs.js';

export interface Upstream {
  /** One, or several of which one is asked at a time. */
  readonly url: string | readonly string[];
  readonly channel: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly replay: boolean | 'unknown' | 'proven';
}

/** What `serve` and `demo` have in common; absent: not said. */
interface Serving {
  readonly listen: Partial<Address>;
  readonly logLevel: LogLevel | undefined;
}

export type Invocation =
  | { readonly command: 'help' | 'version' }
  | ServeInvocation
  | DemoInvocation
  | CheckInvocation
  | TailInvocation;

export interface ServeInvocation extends Serving {
  readonly command: 'serve';
  /** Either an upstream or the path of a config file. */
  readonly from: Upstream | string;
}

export interface DemoInvocation extends Serving {
  readonly command: 'demo';
}

export interface CheckInvocation {
  readonly command: 'check';
  readonly file: string;
  readonly strict: boolean;
}

export interface TailInvocation {
  readonly command: 'tail';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: boolean;
  readonly lastEventId: string | undefined;
}

type CommandName = 'serve' | 'demo' | 'check' | 'tail';

const OPTIONS = {
  upstream: { type: 'string', short: 'u', multiple: true },
  channel: { type: 'string', short: 'n' },
  header: { type: 'string', short: 'H', multiple: true },
  replay: { type: 'string' },
  config: { type: 'string', short: 'c' },
  host: { type: 'string' },
  port: { type: 'string', short: 'p' },
  'log-level': { type: 'string' },
  strict: { type: 'boolean' },
  json: { type: 'boolean' },
  'last-event-id': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsConfig['options'];

type OptionName = keyof typeof OPTIONS;
type Values = ReturnType<typeof parse>['values'];

export const OPTIONS_OF: Readonly<Record<CommandName, readonly OptionName[]>> = {
  serve: ['upstream', 'channel', 'header', 'replay', 'config', 'host', 'port', 'log-level'],
  demo: ['host', 'port', 'log-level'],
  check: ['strict'],
  tail: ['json', 'last-event-id', 'header'],
};

/** @throws UsageError that says which word is not understood */
export function readArguments(argv: readonly string[]): Invocation {
  const { values, positionals } = parse(argv);
  if (values.help) return { command: 'help' };
  if (values.version) return { command: 'version' };
  const [word, ...operands] = positionals;
  const command = commandNamed(word);
  const stray = (Object.keys(values) as OptionName[]).find((name) => !OPTIONS_OF[command].includes(name));
  if (stray !== undefined) throw new UsageError(`--${stray} is no option of ${word ?? 'serving'}`);
  const operand = { serve: undefined, demo: undefined, check: 'FILE', tail: 'URL' }[command];
  if (operands.length < (operand === undefined ? 0 : 1))
    throw new UsageError(`${command} needs a ${operand}`);
  const surplus = operands[operand === undefined ? 0 : 1];
  if (surplus !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(surplus)}`);
  switch (command) {
    case 'serve':
      return { command, from: served(values), ...serving(values) };
    case 'demo':
      return { command, ...serving(values) };
    case 'check':
      return { command, file: operands[0]!, strict: values.strict ?? false };
    case 'tail':
      return {
        command,
        url: httpUrl(operands[0]!),
        headers: headers(values.header),
        json: values.json ?? false,
        lastEventId: values['last-event-id'],
      };
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Its first sentence says what is wrong, the rest how shells quote.
    throw new UsageError((error as Error).message.split(/\.\s/)[0]!, { cause: error });
  }
}

function commandNamed(word: string | undefined): CommandName {
  if (word === undefined) return 'serve';
  if (word === 'demo' || word === 'check' || word === 'tail') return word;
  throw new UsageError(`unknown command ${JSON.stringify(word)}`);
}

function served({
  upstream,
  channel = 'events',
  header,
  replay = 'unknown',
  config,
}: Values): Upstream | string {
  if (config === undefined && upstream === undefined) {
    throw new UsageError('nothing to serve: name an --upstream, a --config file, or the demo');
  }
  if (upstream === undefined) return config!;
  if (config !== undefined) throw new UsageError('--upstream and --config exclude each other');
  if (replay !== 'true' && replay !== 'false' && replay !== 'unknown' && replay !== 'proven') {
    throw new UsageError(`--replay: expected true, false, proven or unknown; got ${JSON.stringify(replay)}`);
  }
  return {
    url: upstream.length === 1 ? upstream[0]! : upstream,
    channel,
    headers: headers(header),
    replay: replay === 'unknown' || replay === 'proven' ? replay : replay === 'true',
  };
}

function serving({ host, port, 'log-level': logLevel }: Values): Serving {
  if (logLevel !== undefined && !isLogLevel(logLevel)) {
    throw new UsageError(
      `--log-level: expected one of ${LOG_LEVELS.join(', ')}; got ${JSON.stringify(logLevel)}`,
    );
  }
  const listen = {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: parsePort(port, '--port') }),
  };
  return { listen, logLevel };
}

/** `Name: value` each; fields of one name become one, as a recipient would combine them (RFC 9110 §5.3). */
function headers(lines: readonly string[] = []): Record<string, string> {
  const fields = new Map<string, [name: string, value: string]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    // The line is not shown: it may hold a secret.
    if (colon < 1) throw new UsageError("--header: expected 'Name: value'");
    const name = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name.toLowerCase());
    fields.set(
      name.toLowerCase(),
      before === undefined ? [name, value] : [before[0], `${before[1]}, ${value}`],
    );
  }
  return Object.fromEntries(fields.values());
}

function httpUrl(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new UsageError('tail: expected an absolute http: or https: URL');
  }
  return text;
}
