/**
 * The byte values and words that text/event-stream gives a meaning to, each named once.
 * A leaf: no state, and it refuses to know any rule.
 */
import { Buffer } from 'node:buffer';

export const NUL = 0x00;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
/** The letters of `data`, the name that is compared byte by byte in the open. */
export const LOWER_A = 0x61;
export const LOWER_D = 0x64;
export const LOWER_T = 0x74;

/** The four field names with a meaning; all others are ignored (WHATWG HTML §9.2.6). */
export const DATA = Buffer.from('data');
export const EVENT = Buffer.from('event');
export const ID = Buffer.from('id');
export const RETRY = Buffer.from('retry');

/** U+FEFF in UTF-8; ignored once, at the very start of a stream (§9.2.5). */
export const BOM = Buffer.from('\ufeff');

/** U+FFFD in UTF-8; stands for what must not reach a client. */
export const REPLACEMENT = Buffer.from('\ufffd');
