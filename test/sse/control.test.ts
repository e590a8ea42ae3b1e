import { Buffer } from 'node:buffer';
import t from 'tap';
import { comment, HEARTBEAT, retryField } from '../../src/sse/control.js';
import { interpret } from './reference.js';

const NOTHING = { events: [], lastEventId: '', retry: -1 };

t.test('a comment says nothing to a client, whatever is in it', async (t) => {
  for (const text of ['', 'hb', 'a\ndata: b\n\n', 'a\rretry: 5', 'a\r\nid: 1\r\n\r\n']) {
    t.strictSame(interpret(comment(text)), NOTHING, JSON.stringify(text));
  }
  t.equal(comment('a\r\nb').toString(), ': a\n: b\n\n');
});

t.test('a heartbeat says nothing and is no head of the next event', async (t) => {
  t.strictSame(interpret(HEARTBEAT), NOTHING);
  t.equal(HEARTBEAT.toString(), ':\n\n');
});

t.test('the reconnection time is whole milliseconds, at least 0', async (t) => {
  t.equal(retryField(3_000).toString(), 'retry: 3000\n\n');
  t.equal(retryField(1_234.5678).toString(), 'retry: 1235\n\n');
  t.equal(retryField(-1).toString(), 'retry: 0\n\n');
  t.equal(interpret(retryField(1e300)).retry, Number.MAX_SAFE_INTEGER);
  t.equal(interpret(Buffer.concat([retryField(10), retryField(20)])).retry, 20);
});
