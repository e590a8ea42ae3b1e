import fc from 'fast-check';
import t from 'tap';
import { Minter, mint, mintBytes, parseMinted } from '../src/ids.js';

const seqs = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const epochs = fc.integer({ min: 0, max: 36 ** 10 - 1 });
const cursors = fc.uint8Array({ minLength: 1, maxLength: 600 });

t.test('what is minted is read back, with the cursor byte for byte where it fits', async (t) => {
  fc.assert(
    fc.property(seqs, epochs, fc.option(cursors, { nil: undefined }), (seq, epoch, cursor) => {
      const bytes = mintBytes(seq, epoch, cursor);
      if (bytes.length > 512) throw new Error(`${bytes.length} bytes`);
      const read = parseMinted(bytes);
      if (read?.seq !== seq || read.epoch !== epoch) throw new Error('another place');
      const fits = cursor !== undefined && mint(seq, epoch).length + 1 + cursor.length <= 512;
      if (!fits) return read.cursor === undefined;
      return read.cursor !== undefined && Buffer.from(read.cursor).equals(Buffer.from(cursor));
    }),
    { numRuns: 2_000 },
  );
  t.equal(mint(17, 1_733_000_000_000), '17-m44nge0w');
  t.equal(String(mintBytes(17, 35, Buffer.from('5'))), '17-z;5');
});

t.test('counting up gives the very ids that minting one by one gives', async (t) => {
  const minter = new Minter();
  const check = (seq: number, epoch: number) => {
    if (String(Buffer.from(minter.id(seq, epoch))) !== mint(seq, epoch)) t.fail(`${seq} of ${epoch}`);
  };
  for (let seq = 1; seq < 12_000; seq += 1) check(seq, 35);
  // A seq again, one left out, a step back, another epoch in mid-count, all nines.
  for (const [seq, epoch] of [
    [5, 35],
    [5, 35],
    [7, 35],
    [8, 35],
    [3, 35],
    [4, 36],
    [5, 36],
    [999, 36],
    [1_000, 36],
  ]) {
    check(seq!, epoch!);
  }
  t.pass('all of them');
});

t.test('the longest id is 512 bytes: a cursor that is one byte longer is left out', async (t) => {
  const room = 512 - mint(1, 1).length - 1;
  t.equal(mintBytes(1, 1, Buffer.alloc(room, 'x')).length, 512);
  t.equal(String(mintBytes(1, 1, Buffer.alloc(room + 1, 'x'))), '1-1');
});

t.test('any bytes are read without an error, and only as what they are', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = parseMinted(bytes);
      if (read === undefined) return true;
      return (
        Buffer.from(bytes).toString('latin1').startsWith(`${read.seq}-`) && Number.isSafeInteger(read.epoch)
      );
    }),
    { numRuns: 5_000 },
  );
  t.pass();
});

t.test('what only looks like a minted id is none', async (t) => {
  const foreign = [
    '',
    '-',
    '17',
    '17-',
    '-abc',
    '0-abc',
    '017-abc',
    '+1-abc',
    '1.5-abc',
    '17-ABC',
    '17-abc ',
    '17-abc:5',
    ' 17-abc',
    '17-abc\n',
    '9007199254740992-abc',
    '99999999999999999-abc',
    '17-abcdefghijk',
    '17-abc-5',
    `17-${'a'.repeat(40)}`,
    `${'1'.repeat(40)}-a`,
    '１７-abc',
  ];
  for (const id of foreign) t.equal(parseMinted(Buffer.from(id)), undefined, JSON.stringify(id));
});

t.test('an id is read from a view, not from the buffer behind it', async (t) => {
  const bytes = Buffer.from('xx17-z;5yy');
  const read = parseMinted(bytes.subarray(2, 8));
  t.match(read, { seq: 17, epoch: 35 });
  t.equal(String(read?.cursor), '5');
  t.equal(parseMinted(Buffer.from('17-z;'))?.cursor, undefined, 'an empty cursor is none');
});
