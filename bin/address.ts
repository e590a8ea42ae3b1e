/** Where to listen: the flags win over the environment, that over the file, that over the defaults. Pure. */
import { UsageError } from './failure.js';

export interface Address {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const DEFAULT: Address = { host: '127.0.0.1', port: 3_000 };

/** `env`: of it HOST and PORT, empty ones counting as absent. @throws UsageError for a PORT that is none */
export function chooseAddress(
  flags: Partial<Address>,
  env: Readonly<Record<string, string | undefined>>,
  file: Partial<Address> = {},
): Address {
  const { HOST, PORT } = env;
  const fromEnv = {
    ...(HOST ? { host: HOST } : {}),
    ...(PORT ? { port: parsePort(PORT, 'PORT') } : {}),
  };
  return { ...DEFAULT, ...file, ...fromEnv, ...flags };
}

/** @throws UsageError that begins with `where` */
export function parsePort(text: string, where: string): number {
  if (!/^\d{1,5}$/.test(text) || !isPort(Number(text))) {
    throw new UsageError(`${where}: expected a port, 0 to 65535; got ${JSON.stringify(text)}`);
  }
  return Number(text);
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535;
}
