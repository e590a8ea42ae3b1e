/** The load client takes an HTTP/1.1 response apart, wherever its bytes are cut. */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import t from 'tap';
import { BodyReader } from '../../load/checking/body-reader.js';

interface Taken {
  body: string;
  status: number;
  ended: boolean;
}

function take(response: string, cuts: readonly number[]): Taken {
  const taken: Taken = { body: '', status: 0, ended: false };
  const reader = new BodyReader({
    head: (status) => {
      taken.status = status;
    },
    content: (bytes, from, to) => {
      taken.body += bytes.toString('latin1', from, to);
    },
    end: () => {
      taken.ended = true;
    },
  });
  const bytes = Buffer.from(response, 'latin1');
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = cuts[turn % cuts.length]!;
    const part = bytes.subarray(at, at + size);
    // The buffer is larger than what was read into it.
    reader.read(Buffer.concat([part, Buffer.from('garbage')]), part.length);
    at += size;
  }
  return taken;
}

const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
const pieces = fc.array(
  fc.string({ minLength: 1, maxLength: 60 }).map((text) => text.replace(/[^ -~\n]/g, 'x')),
);

t.test('a chunked body comes out as it went in', async (t) => {
  fc.assert(
    fc.property(pieces, cuts, (body, sizes) => {
      const chunks = body.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
      const response = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
      t.strictSame(take(response, sizes), { body: body.join(''), status: 200, ended: true });
    }),
  );
});

t.test('a body without transfer coding is what follows the head', async (t) => {
  fc.assert(
    fc.property(pieces, cuts, (body, sizes) => {
      const response = `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${body.join('')}`;
      t.strictSame(take(response, sizes), { body: body.join(''), status: 200, ended: false });
    }),
  );
});

t.test('a chunk longer than its size, a size that is none and what is no response are errors', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  t.throws(() => take(`${head}3\r\nabcd\r\n`, [7]), /longer/);
  t.throws(() => take(`${head}z\r\n`, [100]), /size/);
  t.throws(() => take('SSH-2.0-x\r\n\r\n', [100]), /no HTTP/);
});
