/**
 * Makes foreign bytes valid UTF-8. It refuses to look at anything but the encoding.
 */
import { Buffer, isUtf8 } from 'node:buffer';

/** A leading U+FEFF is content here: marks are the parser's business. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The same bytes if they are valid UTF-8 (a view, no copy), else a copy in which every invalid sequence is a U+FFFD,
 * placed as the Encoding Standard's decoder places it. A CR, a LF or any other ASCII byte is never part of an invalid
 * sequence, so repairing a whole frame leaves its lines alone.
 */
export function toValidUtf8(bytes: Uint8Array): Buffer {
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Buffer.from(decoder.decode(bytes));
}
