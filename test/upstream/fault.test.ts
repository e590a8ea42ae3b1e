import t from 'tap';
import { GatewayError } from '../../src/errors.js';
import { causeText, fault } from '../../src/upstream/fault.js';

t.test('a fault has the reason of its code and the error with its cause', async (t) => {
  const cause = new Error('underneath');
  const found = fault('UPSTREAM_IDLE_TIMEOUT', 'too quiet', { cause });
  t.equal(found.reason, 'idle-timeout');
  t.ok(found.error instanceof GatewayError);
  t.match(found.error, {
    code: 'SSE_GATEWAY_UPSTREAM_IDLE_TIMEOUT',
    statusCode: 504,
    message: 'too quiet',
    cause,
  });
});

t.test('a fault is retryable and without Retry-After unless it says otherwise', async (t) => {
  t.match(fault('UPSTREAM_STATUS', ''), { terminal: false, retryAfterMs: undefined });
  t.match(fault('UPSTREAM_STATUS', '', { terminal: true, retryAfterMs: 5 }), {
    terminal: true,
    retryAfterMs: 5,
  });
});

t.test('an error is shown by its code, else by its message, and anything else as it is', async (t) => {
  t.equal(causeText(Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  t.equal(causeText(new Error('plain')), 'plain');
  t.equal(causeText('thrown'), 'thrown');
});
