import { Buffer } from 'node:buffer';
import t from 'tap';
import { Carry } from '../../src/sse/carry.js';

t.test('what is appended is there in one piece, through every growth', async (t) => {
  const carry = new Carry();
  const source = Buffer.from(Array.from({ length: 1_000 }, (_, k) => k % 251));
  for (let at = 0; at < 1_000; at += 10) carry.append(source, at, at + 10);
  t.ok(carry.view().equals(source));
  t.ok(carry.capacity < 2 * 1_000 + 256);
  t.ok(carry.copied < 3 * 1_000);
});

t.test('an emptied carry keeps its memory, a released one has none', async (t) => {
  const carry = new Carry();
  carry.append(Buffer.alloc(1_000), 0, 1_000);
  carry.empty();
  t.strictSame([carry.length, carry.capacity], [0, 1_024]);
  carry.release();
  t.strictSame([carry.length, carry.capacity, carry.view().length], [0, 0, 0]);
});

t.test('large memory goes from one carry to the next, and never to two at a time', async (t) => {
  const bytes = Buffer.alloc(300_000, 'a');
  const first = new Carry();
  first.append(bytes, 0, bytes.length);
  const memory = first.view().buffer;
  first.release();
  const second = new Carry();
  second.append(bytes, 0, 200_000);
  t.equal(second.view().buffer, memory, 'handed on');
  const third = new Carry();
  third.append(bytes, 0, 200_000);
  t.not(third.view().buffer, memory);
  t.ok(second.view().equals(bytes.subarray(0, 200_000)));
});

t.test('small memory and memory for an outsize event are not handed on', async (t) => {
  for (const size of [1_000, 5_000_000]) {
    const bytes = Buffer.alloc(size);
    const first = new Carry();
    first.append(bytes, 0, size);
    const memory = first.view().buffer;
    first.release();
    const second = new Carry();
    second.append(bytes, 0, size);
    t.not(second.view().buffer, memory);
  }
});
