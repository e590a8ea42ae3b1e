import fc from 'fast-check';
import t from 'tap';
import { ChunkFramer, chunk } from '../../src/downstream/chunk-framer.js';
import { SlabPool } from '../../src/log/pool.js';
import { ResponseDecoder } from '../helpers/http-decoder.js';

t.test('chunks of any bytes are read back as those bytes by an HTTP decoder', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), { maxLength: 4 }), (pieces) => {
      const body: Buffer[] = [];
      const decoder = new ResponseDecoder({ head: () => {}, body: (bytes) => body.push(Buffer.from(bytes)) });
      decoder.push(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
      for (const piece of pieces) decoder.push(chunk(Buffer.from(piece)));
      return Buffer.concat(body).equals(Buffer.concat(pieces)) && decoder.chunks === pieces.length;
    }),
    { numRuns: 200 },
  );
  t.equal(String(chunk(Buffer.alloc(26, 'a'))), `1a\r\n${'a'.repeat(26)}\r\n`);
});

t.test('the same bytes object is framed once, another with the same content again', async (t) => {
  const framer = new ChunkFramer(new SlabPool({ poison: true }));
  const bytes = Buffer.from('data: 1\n\n');
  const framed = framer.frame(bytes);
  t.equal(framer.frame(bytes), framed);
  t.not(framer.frame(Buffer.from(bytes)), framed);
});

t.test('a framed copy does not change with the bytes it was made from', async (t) => {
  const framer = new ChunkFramer(new SlabPool({ poison: true }));
  const bytes = Buffer.from('data: 1\n\n');
  const framed = framer.frame(bytes);
  bytes.fill(0xdb);
  t.equal(String(framed.bytes), '9\r\ndata: 1\n\n\r\n');
});

t.test('after forget the copy is made anew', async (t) => {
  const framer = new ChunkFramer(new SlabPool({ poison: true }));
  const bytes = Buffer.from('data: 1\n\n');
  const framed = framer.frame(bytes);
  framer.forget();
  t.not(framer.frame(bytes), framed);
});

t.test('a copy goes back to the pool when it is forgotten and no write holds it', async (t) => {
  const pool = new SlabPool({ poison: true });
  const framer = new ChunkFramer(pool);
  const held = framer.frame(Buffer.from('data: 1\n\n'));
  held.pin();
  framer.frame(Buffer.from('data: 2\n\n'));
  t.equal(pool.stats.inUseBytes, 8_192, 'the next one is framed while a write still holds the first');
  t.equal(String(held.bytes), '9\r\ndata: 1\n\n\r\n');
  framer.forget();
  t.equal(pool.stats.inUseBytes, 4_096);
  held.unpin();
  t.equal(pool.stats.inUseBytes, 0);
  framer.forget();
  framer.frameEach(Buffer.from('data: 3\n\n'));
  t.equal(pool.stats.inUseBytes, 0);
});
