import t from 'tap';
import { resolveOptions } from '../../src/options.js';

type Input = Parameters<typeof resolveOptions>[0];

const URL_A = 'http://a/';

function refusal(input: unknown): string {
  try {
    resolveOptions(input as Input);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

t.test('what a channel is given and can do nothing there is one error that names it', async (t) => {
  const cases: [name: string, options: object, option: string][] = [
    ['a', { replay: true }, 'replay'],
    ['a', { headers: { 'x-a': '1' } }, 'headers'],
    ['a', { tls: {} }, 'tls'],
    ['a', { always: true }, 'always'],
    ['a', { required: true }, 'required'],
    ['a', { forwardHeaders: ['cookie'] }, 'forwardHeaders'],
    [':a', { url: 'http://a/:a', always: true }, 'always'],
    [':a', { url: 'http://a/:a', required: true }, 'required'],
    ['a', { url: URL_A, forwardHeaders: ['cookie'], always: true }, 'always'],
    ['a', { url: URL_A, forwardHeaders: ['cookie'], required: true }, 'required'],
  ];
  for (const [name, options, option] of cases)
    t.match(refusal({ channels: { [name]: options } }), `option channels.${name}.${option}: `);
  t.equal(refusal({ channels: { a: { always: false, url: undefined, replay: undefined } } }), 'accepted');
});

t.test('what all channels share may suit only some, and is not in force for the others', async (t) => {
  const { channels } = resolveOptions({
    defaults: { always: true, required: true, replay: true },
    channels: {
      one: { url: URL_A },
      ':many': { url: 'http://a/:many' },
      split: { url: URL_A, forwardHeaders: ['cookie'] },
      local: {},
    },
  });
  t.match(channels['one'], { always: true, required: true, replay: true });
  t.match(channels[':many'], { always: false, required: false, replay: true });
  t.match(channels['split'], { always: false, required: false });
  t.ok(channels['local']);
});

t.test('names of forwarded headers are in lower case, sorted and once', async (t) => {
  const { channels } = resolveOptions({
    channels: { a: { url: URL_A, forwardHeaders: ['X-Tenant', 'Cookie', 'cookie', 'Authorization'] } },
  });
  t.same(channels['a']!.forwardHeaders, ['authorization', 'cookie', 'x-tenant']);
  t.ok(Object.isFrozen(channels['a']!.forwardHeaders));
});

t.test(
  "what speaks of a client's connection, and what the gateway says itself, is never forwarded",
  async (t) => {
    const refused = [
      'Host',
      'Last-Event-ID',
      'accept',
      'Connection',
      'transfer-encoding',
      'TE',
      'Range',
      'a b',
      '',
    ];
    for (const name of refused) {
      const message = refusal({ channels: { a: { url: URL_A, forwardHeaders: [name] } } });
      t.match(message, /option channels\.a\.forwardHeaders/, name);
    }
    t.match(refusal({ channels: { a: { url: URL_A, forwardHeaders: 'cookie' } } }), 'a list of header names');
  },
);

t.test("a client without credentials is never served with the gateway's own", async (t) => {
  const forwardHeaders = ['authorization'];
  const own = { url: URL_A, headers: { Authorization: 'Bearer s3cret' }, forwardHeaders };
  const userinfo = { url: 'http://user:s3cret@a/', forwardHeaders };
  const listed = { url: [URL_A, 'http://:s3cret@b/'], forwardHeaders };
  for (const options of [own, userinfo, listed]) {
    const message = refusal({ channels: { a: options } });
    t.match(message, /option channels\.a\.forwardHeaders: authorization is sent for the gateway itself/);
    t.notMatch(message, 's3cret');
  }
  t.equal(refusal({ channels: { a: { ...own, forwardHeaders: ['cookie'] } } }), 'accepted');
});

t.test('a key that objects take for their prototype is refused wherever it stands', async (t) => {
  const places = [
    ['{"__proto__":{"drainMs":3},"channels":{"a":{}}}', '__proto__'],
    ['{"channels":{"a":{},"__proto__":{"url":"http://b/"}}}', 'channels.__proto__'],
    ['{"channels":{"a":{"__proto__":{"lingerMs":3}}}}', 'channels.a.__proto__'],
    ['{"channels":{"a":{"headers":{"__proto__":"x"}}}}', 'channels.a.headers.__proto__'],
    ['{"channels":{"a":{"tls":{"__proto__":"x"}}}}', 'channels.a.tls.__proto__'],
    ['{"channels":{"a":{}},"defaults":{"__proto__":{"lingerMs":3}}}', 'defaults.__proto__'],
  ] as const;
  for (const [json, path] of places)
    t.match(refusal(JSON.parse(json)), `sse-gateway option ${path}: unknown option`);
  t.match(refusal({ channels: { a: { constructor: {} } } }), 'channels.a.constructor: unknown option');
  const { channels } = resolveOptions({ channels: { constructor: {}, toString: {} } as Input['channels'] });
  t.same(Object.keys(channels), ['constructor', 'toString'], 'as names they are names');
});

t.test('without an upstream nothing is forwarded, and one name stays one channel', async (t) => {
  const { channels } = resolveOptions({
    defaults: { forwardHeaders: ['cookie'] },
    channels: { local: {}, ':local': {}, far: { url: URL_A } },
  });
  t.same(
    Object.values(channels).map(({ forwardHeaders }) => forwardHeaders),
    [[], [], ['cookie']],
  );
});
