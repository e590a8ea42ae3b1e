import t from 'tap';
import { chooseAddress } from '../../bin/address.js';

t.test('flags win over the environment, that over the file, that over the defaults', async (t) => {
  const file = { host: 'file', port: 1 };
  const env = { HOST: 'env', PORT: '2' };
  t.same(chooseAddress({}, {}), { host: '127.0.0.1', port: 3000 });
  t.same(chooseAddress({}, {}, file), file);
  t.same(chooseAddress({}, env, file), { host: 'env', port: 2 });
  t.same(chooseAddress({ port: 3 }, env, file), { host: 'env', port: 3 });
  t.same(chooseAddress({ host: 'flag', port: 0 }, env, file), { host: 'flag', port: 0 });
});

t.test('an empty variable counts as absent, and one that is no port is named', async (t) => {
  t.same(chooseAddress({}, { HOST: '', PORT: '' }), { host: '127.0.0.1', port: 3000 });
  t.throws(() => chooseAddress({}, { PORT: 'tcp://10.0.0.1:80' }), {
    name: 'UsageError',
    message: /^PORT: expected a port/,
  });
});
