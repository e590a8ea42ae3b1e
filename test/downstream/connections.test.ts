import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import t from 'tap';
import { carryConnections } from '../../src/downstream/connections.js';

t.test("only HTTP's own listener is replaced, in its place, and once", async (t) => {
  const server = createServer();
  const [before, after] = [() => undefined, () => undefined];
  server.prependListener('connection', before).on('connection', after);
  t.ok(carryConnections(server));
  t.ok(carryConnections(server));
  const listeners = server.listeners('connection');
  t.equal(listeners.length, 3);
  t.equal(listeners[0], before);
  t.equal(listeners[2], after);
});

t.test('a server that is not as expected stays as it is', async (t) => {
  t.notOk(carryConnections(createHttp2()));
  t.notOk(carryConnections(undefined));
  const renamed = createServer();
  renamed.removeAllListeners('connection').on('connection', function another() {});
  const twice = createServer();
  twice.on('connection', twice.listeners('connection')[0] as () => void);
  for (const server of [renamed, twice]) {
    const before = server.listeners('connection');
    t.notOk(carryConnections(server));
    t.same(server.listeners('connection'), before);
  }
});
