import t from 'tap';
import { GatewayError } from '../src/errors.js';
import type { Logger } from '../src/logger.js';
import { ChannelMetrics } from '../src/metrics/channel-metrics.js';
import type { SourceState, SourceStatus } from '../src/source.js';
import { upstreamObserver } from '../src/upstream-observer.js';

function make() {
  const metrics = new ChannelMetrics();
  const lines: { level: string; fields: object; message: string }[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const logger: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  const calls: (string | GatewayError | undefined)[] = [];
  const observer = upstreamObserver('prices', metrics, logger, {
    headKnown: () => calls.push('head'),
    connected: () => calls.push('connected'),
    lost: (reason, error) => calls.push(reason, error),
    failed: (error) => calls.push('failed', error),
  });
  const state = (name: SourceState, lastError?: GatewayError): SourceStatus => ({
    ...{ state: name, since: 0, attempts: 0, retryAt: undefined, lastError },
  });
  return { metrics, lines, calls, observer, state };
}

const refused = new GatewayError('UPSTREAM_CONNECT', 'refused');

t.test('an attempt that fails is a failed connect, not a disconnect', async (t) => {
  const { metrics, observer } = make();
  observer.connecting(1);
  observer.disconnected('connect-failed', refused);
  t.equal(metrics.upstreamConnects.get('failed'), 1);
  t.equal(metrics.upstreamDisconnects.total, 0);
  t.equal(metrics.upstreamReconnects.total, 0, 'there was no connection before');
});

t.test('an attempt that we end ourselves is neither', async (t) => {
  const { metrics, observer } = make();
  observer.connecting(1);
  observer.disconnected('idle', undefined);
  t.equal(metrics.upstreamConnects.total, 0);
  t.equal(metrics.upstreamDisconnects.total, 0);
});

t.test(
  'a connection that ends is a disconnect for its reason, and what follows it are reconnects',
  async (t) => {
    const { metrics, observer } = make();
    observer.connected();
    observer.disconnected('ended', new GatewayError('UPSTREAM_ENDED', 'ended'));
    observer.disconnected('connect-failed', refused);
    observer.connected();
    observer.disconnected('idle', undefined);
    t.equal(metrics.upstreamConnects.get('ok'), 2);
    t.same(Object.fromEntries(metrics.upstreamReconnects.entries()), { ok: 1, failed: 1 });
    t.same(Object.fromEntries(metrics.upstreamDisconnects.entries()), { ended: 1, idle: 1 });
  },
);

t.test('every state but connecting is an outcome of the attempt', async (t) => {
  for (const name of ['idle', 'open', 'backoff', 'closed'] as const) {
    const { observer, calls, state } = make();
    observer.stateChanged(state(name));
    t.same(calls, ['head'], name);
  }
  const { observer, calls, state } = make();
  observer.stateChanged(state('connecting'));
  t.same(calls, []);
});

t.test('failed tells why, after the outcome is known, and is logged as an error with the code', async (t) => {
  const { observer, calls, state, lines } = make();
  observer.stateChanged(state('failed', refused));
  t.same(calls, ['head', 'failed', refused]);
  t.match(lines, [{ level: 'error', fields: { channel: 'prices', code: 'SSE_GATEWAY_UPSTREAM_CONNECT' } }]);
});

t.test('the log line of an end has the same word as the metric', async (t) => {
  const { observer, lines } = make();
  observer.connected();
  observer.disconnected('idle-timeout', new GatewayError('UPSTREAM_IDLE_TIMEOUT', 'silence'));
  t.match(lines.at(-1), {
    level: 'warn',
    fields: { reason: 'idle-timeout', code: 'SSE_GATEWAY_UPSTREAM_IDLE_TIMEOUT' },
  });
});

t.test('bytes and withheld cursors are counted', async (t) => {
  const { observer, metrics } = make();
  observer.received(5);
  observer.received(7);
  observer.cursorWithheld();
  t.equal(metrics.bytesIn, 12);
  t.equal(metrics.cursorsUnsendable, 1);
});

t.test('a switch is counted and says where the stream comes from now', async (t) => {
  const { metrics, lines, observer } = make();
  observer.switched?.('https://b.test');
  t.equal(metrics.upstreamSwitches, 1);
  t.match(lines, [
    { level: 'warn', fields: { channel: 'prices', origin: 'https://b.test' }, message: 'upstream switched' },
  ]);
});
