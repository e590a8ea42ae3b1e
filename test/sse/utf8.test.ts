import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { toValidUtf8 } from '../../src/sse/utf8.js';
import { fuzzRuns, streams } from '../fixtures/sse/arbitraries.js';

t.test('valid bytes are the same memory, a leading U+FEFF included', async (t) => {
  const bytes = Buffer.from('\ufeffé…😀');
  const valid = toValidUtf8(bytes.subarray(3));
  t.equal(valid.buffer, bytes.buffer);
  t.equal(valid.byteOffset, bytes.byteOffset + 3);
  t.ok(toValidUtf8(bytes).equals(bytes));
});

t.test('an invalid sequence is replaced as the Encoding Standard says', async (t) => {
  const repaired = (...bytes: number[]) => toValidUtf8(Uint8Array.from(bytes)).toString();
  t.equal(repaired(0x61, 0xff, 0x62), 'a\ufffdb');
  t.equal(repaired(0xe2, 0x80, 0x0a), '\ufffd\n', 'one for a cut sequence, and the LF stays');
  t.equal(repaired(0xed, 0xa0, 0x80), '\ufffd\ufffd\ufffd', 'three for a surrogate');
  t.equal(repaired(0xef, 0xbb, 0xbf, 0xff), '\ufeff\ufffd', 'a leading U+FEFF is content');
});

t.test('repair leaves every ASCII byte where it stands among the others', async (t) => {
  const ascii = (bytes: Buffer) => Buffer.from(bytes.filter((byte) => byte < 0x80)).toString('latin1');
  fc.assert(
    fc.property(streams, (bytes) => ascii(toValidUtf8(bytes)) === ascii(bytes)),
    { numRuns: fuzzRuns(1_000) },
  );
  t.pass('all of them');
});
