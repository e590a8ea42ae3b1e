import t from 'tap';
import { OPTIONS_OF, readArguments } from '../../bin/args.js';
import { USAGE } from '../../bin/usage.js';

t.test('an upstream on the command line is one channel, events unless named', async (t) => {
  t.same(readArguments(['--upstream', 'http://up/']), {
    command: 'serve',
    from: { url: 'http://up/', channel: 'events', headers: {}, replay: 'unknown' },
    listen: {},
    logLevel: undefined,
  });
  const args = '-u http://up/ -n prices --replay true --port 0 --host ::1 --log-level warn'.split(' ');
  t.same(readArguments([...args, '-H', 'X-A: 1', '--header', 'b:2:3', '-H', 'x-a:  4 ']), {
    command: 'serve',
    from: { url: 'http://up/', channel: 'prices', headers: { 'X-A': '1, 4', b: '2:3' }, replay: true },
    listen: { host: '::1', port: 0 },
    logLevel: 'warn',
  });
  t.match(readArguments(['-u', 'http://up/', '--replay=false']), { from: { replay: false } });
  t.match(readArguments(['-u', 'http://up/', '--replay=proven']), { from: { replay: 'proven' } });
});

t.test('each command takes its own options, in front of its name too', async (t) => {
  t.same(readArguments(['--config', 'a.json']), {
    command: 'serve',
    from: 'a.json',
    listen: {},
    logLevel: undefined,
  });
  t.same(readArguments(['--port', '4000', 'demo']), {
    command: 'demo',
    listen: { port: 4000 },
    logLevel: undefined,
  });
  t.same(readArguments(['check', 'a.json', '--strict']), { command: 'check', file: 'a.json', strict: true });
  t.same(readArguments(['tail', 'https://x/', '--json', '--last-event-id', '17']), {
    command: 'tail',
    url: 'https://x/',
    headers: {},
    json: true,
    lastEventId: '17',
  });
});

t.test('help and version are answered whatever else is said', async (t) => {
  t.same(readArguments(['tail', '-h']), { command: 'help' });
  t.same(readArguments(['--version', '--json']), { command: 'version' });
});

t.test('what is not understood is a usage error that names the word', async (t) => {
  const wrong: [argv: string, message: RegExp][] = [
    ['', /nothing to serve/],
    ['serve', /unknown command "serve"/],
    ['--frobnicate', /^Unknown option '--frobnicate'$/],
    ['-u', /'-u, --upstream <value>' argument missing/],
    ['demo --json', /--json is no option of demo/],
    ['--strict', /--strict is no option of serving/],
    ['check', /check needs a FILE/],
    ['tail', /tail needs a URL/],
    ['tail x', /tail: expected an absolute http: or https: URL/],
    ['tail ftp://x/', /tail: expected an absolute/],
    ['tail http://a/ http://b/', /unexpected argument "http:\/\/b\/"/],
    ['demo extra', /unexpected argument "extra"/],
    ['-u http://x/ -c a.json', /exclude each other/],
    ['-u http://x/ --replay maybe', /--replay: expected true, false, proven or unknown; got "maybe"/],
    ['demo --log-level loud', /--log-level: expected one of fatal, .*; got "loud"/],
    ['demo --port 65536', /--port: expected a port, 0 to 65535; got "65536"/],
    ['demo --port 80x', /--port: expected a port/],
    ['-u http://x/ -H secret', /--header: expected 'Name: value'$/],
  ];
  for (const [argv, message] of wrong) {
    const words = argv.split(' ').filter((word) => word !== '');
    t.throws(() => readArguments(words), { name: 'UsageError', message }, argv);
  }
});

t.test('a header that is refused is not repeated: it may be a secret', async (t) => {
  try {
    readArguments(['tail', 'http://x/', '-H', 'hunter2']);
    t.fail('it was accepted');
  } catch (error) {
    t.notMatch(String(error), /hunter2/);
  }
});

t.test('the help names every option, and its lines fit a terminal of 110 columns', async (t) => {
  for (const name of new Set(Object.values(OPTIONS_OF).flat())) t.ok(USAGE.includes(`--${name}`), name);
  t.same(
    USAGE.split('\n').filter((line) => line.length > 110),
    [],
  );
});

t.test('several upstreams are a list', async (t) => {
  t.match(readArguments(['-u', 'http://a/', '--upstream', 'http://b/']), {
    command: 'serve',
    from: { url: ['http://a/', 'http://b/'] },
  });
});
