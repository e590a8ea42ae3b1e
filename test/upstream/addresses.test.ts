import dns from 'node:dns';
import t from 'tap';
import { isPrivate, publicLookup } from '../../src/upstream/addresses.js';
import { createDispatcher } from '../../src/upstream/dispatcher.js';
import { DEFAULTS, rig } from './rig.js';
import { serve, stream } from './server.js';

t.test('addresses that are on no public network are private, however they are written', async (t) => {
  const refused = [
    ...['127.0.0.1', '127.255.0.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '0.0.0.0'],
    ...['169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255', '198.18.0.1', '192.0.0.8'],
    ...['::1', '::', 'fe80::1', 'fec0::1', 'fc00::1', 'fd12:3456::1', 'ff02::1', '::ffff:127.0.0.1'],
    ...['::ffff:a00:1', '::127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', 'localhost', ''],
  ];
  for (const address of refused) t.ok(isPrivate(address), address);
  const allowed = ['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '203.0.113.1', '2606:4700::1'];
  for (const address of [...allowed, '::ffff:8.8.8.8']) t.notOk(isPrivate(address), address);
});

/** Node's look-up answers this, as it does for whoever asks for all addresses. */
function resolves(t: { teardown(undo: () => void): void }, ...answers: string[][]): void {
  const { lookup } = dns;
  t.teardown(() => {
    dns.lookup = lookup;
  });
  const all = (_host: string, _options: object, found: (error: null, addresses: object[]) => void): void => {
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
    process.nextTick(() =>
      found(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  dns.lookup = all as unknown as typeof dns.lookup;
}

const looked = (all: boolean): Promise<unknown> =>
  new Promise((resolve) =>
    publicLookup('name.test', { all }, (error, address, family) =>
      resolve(error === null ? [address, family] : (error as { code?: string }).code),
    ),
  );

t.test('a look-up leaves private addresses out, and fails when no other is left', async (t) => {
  resolves(t, ['127.0.0.1', '203.0.113.1'], ['10.0.0.1', '2606:4700::1'], ['10.0.0.1', '::1'], []);
  t.same(await looked(true), [[{ address: '203.0.113.1', family: 4 }], undefined]);
  t.same(await looked(false), ['2606:4700::1', 6]);
  t.equal(await looked(true), 'ERR_PRIVATE_ADDRESS');
  t.equal(await looked(false), 'ERR_PRIVATE_ADDRESS');
});

t.test(
  'with privateAddresses: false no socket is opened to a private address or a name of one',
  async (t) => {
    const upstream = await serve(t, stream('data:1\n\n'));
    const { port } = new URL(upstream.url);
    resolves(t, ['127.0.0.1']);
    const dispatcher = createDispatcher({
      maxHeaderBytes: DEFAULTS.maxHeaderBytes,
      privateAddresses: false,
    });
    const hosts = ['127.0.0.1', 'name.test', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433'];
    for (const host of hosts) {
      const r = rig(t, `http://${host}:${port}/stream`, { dispatcher });
      r.source.open();
      await r.next('disconnected address-refused');
      t.match(r.lastError, { code: 'SSE_GATEWAY_UPSTREAM_ADDRESS' });
      t.equal(r.source.status.state, 'backoff', 'a name may resolve otherwise later');
      r.source.close('idle');
    }
    t.same(upstream.sockets, []);
  },
);

t.test('without it a name may be anywhere', async (t) => {
  const upstream = await serve(t, stream('data:1\n\n'));
  resolves(t, ['127.0.0.1']);
  const r = rig(t, `http://name.test:${new URL(upstream.url).port}/stream`);
  r.source.open();
  await r.holds('data:1\n\n');
});
