import t from 'tap';
import { isLogLevel, readableLine } from '../../bin/logs.js';

t.test('a line of pino becomes one for people', async (t) => {
  const time = new Date(2030, 0, 1, 12, 30, 59).getTime();
  const entry = { level: 40, time, pid: 1, hostname: 'h', channel: 'demo', n: 1, msg: 'upstream lost' };
  t.equal(readableLine(`${JSON.stringify(entry)}\n`), '12:30:59 warn  upstream lost  channel=demo  n=1\n');
  const foreign = { ...entry, error: 'sent \u001b[2J' };
  t.match(readableLine(JSON.stringify(foreign)), /error=sent \\x1b\[2J\n$/);
});

t.test('what is no JSON stays what it is', async (t) => {
  t.equal(readableLine('plain\n'), 'plain\n');
});

t.test('levels go by their names', async (t) => {
  t.ok(isLogLevel('silent'));
  t.notOk(isLogLevel('loud'));
});
