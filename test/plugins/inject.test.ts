import t from 'tap';
import { until } from '../helpers/waits.js';
import { serve, standardChannels } from './serve.js';

t.test('an injected request gets the stream, and leaves nothing behind', async (t) => {
  const gateway = await serve(t, (origin) => ({ channels: standardChannels(origin) }));
  const { app, upstream } = gateway;
  const response = await app.inject({ url: '/events/prices', payloadAsStream: true });
  t.equal(response.statusCode, 200);
  t.match(response.headers, { 'content-type': 'text/event-stream; charset=utf-8' });
  let text = '';
  const body = response.stream();
  body.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  await upstream.waitForConnections(1);
  upstream.publishNumbered(3);
  await until(
    () => text.includes('"n":3'),
    () => text,
  );
  t.match(text, /^:\nretry: \d+\n\nid: 1\ndata: /);
  t.equal(
    app.sseGateway.disconnect(() => true),
    1,
  );
  await until(
    () => gateway.subscribers === 0,
    () => `${gateway.subscribers} subscribers`,
  );
});
