/**
 * Channel names with `:parameters`: matching a path against them, and putting parameters into an upstream URL. It
 * refuses empty, dotted and control-character values, so that a client can't leave the configured path.
 */

export type Parameters = Readonly<Record<string, string>>;

export interface Template {
  readonly name: string;
  readonly parameters: readonly string[];
  /** The parameters of `path`, undefined when it doesn't match. `path` is decoded, without a slash at either end. */
  match(path: string): Parameters | undefined;
}

/** Control characters, the separators that a decoder on the way might take for structure, and what is no character. */
const REFUSED = /[\u0000-\u001f\u007f/\\\p{Surrogate}]/u;
const MAX_LENGTH = 256;

/** Whether a client may put this into a template parameter. */
export function isParameter(value: string): boolean {
  return (
    value.length > 0 && value.length <= MAX_LENGTH && value !== '.' && value !== '..' && !REFUSED.test(value)
  );
}

/** Compiles a configured channel name (checked by the options). */
export function compileTemplate(name: string): Template {
  const segments = name.split('/');
  const parameters = segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1));
  return {
    name,
    parameters,
    match(path) {
      const parts = path.split('/');
      if (parts.length !== segments.length) return undefined;
      const found: Record<string, string> = Object.create(null);
      for (let i = 0; i < segments.length; i += 1) {
        const segment = segments[i]!;
        const part = parts[i]!;
        if (segment.startsWith(':')) {
          if (!isParameter(part)) return undefined;
          found[segment.slice(1)] = part;
        } else if (segment !== part) return undefined;
      }
      return found;
    },
  };
}

/**
 * The order in which templates are tried, so that a path finds the one that a router sends its requests to: from the left,
 * a literal segment before a parameter.
 */
export function byPrecedence(a: Template, b: Template): number {
  const [first, second] = [shape(a), shape(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function shape({ name }: Template): string {
  return name.replace(/[^/]+/g, (segment) => (segment.startsWith(':') ? '1' : '0'));
}

/** A channel's own name: the template with its parameters percent-encoded in place. Undefined: one is missing or refused. */
export function fillName({ name, parameters: wanted }: Template, parameters: Parameters): string | undefined {
  if (wanted.length === 0) return name;
  const filled: string[] = [];
  for (const segment of name.split('/')) {
    if (!segment.startsWith(':')) {
      filled.push(segment);
      continue;
    }
    const parameter = segment.slice(1);
    const value = Object.hasOwn(parameters, parameter) ? parameters[parameter] : undefined;
    if (value === undefined || !isParameter(value)) return undefined;
    filled.push(encodeURIComponent(value));
  }
  return filled.join('/');
}

/** Puts parameters, percent-encoded, in place of the `:parameter` path segments of the configured URL. */
export function fillUrl(url: string, parameters: Parameters): string {
  const filled = new URL(url);
  filled.pathname = filled.pathname
    .split('/')
    .map((segment) => {
      const value = segment.startsWith(':') ? parameters[segment.slice(1)] : undefined;
      return value === undefined ? segment : encodeURIComponent(value);
    })
    .join('/');
  return filled.href;
}
