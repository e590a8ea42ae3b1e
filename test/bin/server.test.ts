import t from 'tap';
import { createServer } from '../../bin/server.js';

t.test('a client may not take its time over a request', async (t) => {
  const app = createServer({ channels: { local: {} } }, { level: 'silent' });
  t.teardown(() => app.close());
  t.equal(app.server.headersTimeout, 10_000);
  t.equal(app.server.requestTimeout, 30_000);
});
