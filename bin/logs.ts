/**
 * What the command logs and how: levels by pino's names, and, for people, pino's lines as text. It refuses to decide
 * what is logged.
 */
import { harmless } from './terminal.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function isLogLevel(value: unknown): value is LogLevel {
  return LOG_LEVELS.includes(value as LogLevel);
}

const NAMES: Readonly<Record<number, LogLevel>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
/** Fields that every line has, or that are put elsewhere. */
const PUT_ELSEWHERE = new Set(['level', 'time', 'pid', 'hostname', 'msg']);

/** A line of pino as `12:30:59 warn  upstream lost  channel=demo`; one that isn't JSON stays what it is. */
export function readableLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const time = new Date(Number(entry['time'])).toTimeString().slice(0, 8);
  const level = (NAMES[Number(entry['level'])] ?? '').padEnd(5);
  const fields = Object.entries(entry)
    .filter(([name]) => !PUT_ELSEWHERE.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${harmless([`${time} ${level} ${entry['msg'] ?? ''}`, ...fields].join('  '))}\n`;
}
