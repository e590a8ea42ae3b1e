import { once } from 'node:events';
import { constants } from 'node:http2';
import t, { type Test as TapTest } from 'tap';
import { Http2Sink } from '../../src/downstream/http2-sink.js';
import { HEARTBEAT } from '../../src/sse/control.js';
import { http2, Owner, sliceOf } from './servers.js';

async function pair(t: TapTest) {
  const link = await http2();
  t.teardown(() => link.close());
  const sink = new Http2Sink(link.stream);
  const owner = new Owner();
  sink.attach(owner);
  let text = '';
  link.client.setEncoding('utf8');
  const received = (): string => text;
  return { ...link, sink, owner, received, flow: () => link.client.on('data', (piece) => (text += piece)) };
}

t.test('bytes arrive as they are, the end behind them, and the session lives on', async (t) => {
  const { sink, owner, client, flow, received, session, open } = await pair(t);
  flow();
  const ended = once(client, 'end');
  sink.write(sliceOf('data: 1\n\n'));
  await owner.waitFor(1);
  sink.writePrivate(HEARTBEAT);
  await owner.waitFor(2);
  sink.end(Buffer.from('retry: 1\n\n'));
  await ended;
  await owner.waitForClose();
  t.equal(received(), 'data: 1\n\n:\n\nretry: 1\n\n');
  t.same(owner.told, ['written', 'written', 'closed']);
  t.notOk(session.closed || session.destroyed);
  const [second] = await open();
  t.ok(second.id! > client.id!);
});

t.test('a client that takes nothing holds the write back; destroyed, it is lost, and so told', async (t) => {
  const { sink, owner, client, session } = await pair(t);
  client.pause();
  // More than the flow control window.
  sink.writePrivate(Buffer.alloc(4_000_000, 'x'));
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
  t.same(owner.told, []);
  const closed = once(client, 'close');
  sink.destroy();
  await owner.waitFor(2);
  t.same(owner.told.toSorted(), ['closed', 'lost']);
  client.resume();
  await closed;
  t.equal(client.rstCode, constants.NGHTTP2_CANCEL);
  t.notOk(session.destroyed, 'the other streams of the session live on');
});

t.test('a client that cancels its stream is told of once', async (t) => {
  const { sink, owner, client } = await pair(t);
  client.close(constants.NGHTTP2_CANCEL);
  await owner.waitForClose();
  sink.writePrivate(HEARTBEAT);
  await owner.waitFor(2);
  t.same(owner.told.filter((call) => call !== 'lost').length, 1);
});

t.test('a session that breaks ends its streams', async (t) => {
  const { owner, session } = await pair(t);
  session.destroy();
  await owner.waitForClose();
  t.equal(owner.told.length, 1);
});

t.test('a stream that is gone at attach is told of, behind the writes that were tried', async (t) => {
  const { stream, close } = await http2();
  t.teardown(close);
  stream.close();
  stream.destroy();
  const sink = new Http2Sink(stream);
  const owner = new Owner();
  sink.attach(owner);
  sink.writePrivate(HEARTBEAT);
  await owner.waitForClose();
  t.same(owner.told, ['lost', 'closed']);
});
