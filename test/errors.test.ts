import t from 'tap';
import { CLOSE_REASONS, GatewayError } from '../src/errors.js';

t.test('an error has a stable code, the status to answer with, and its cause', async (t) => {
  const cause = new Error('underneath');
  const error = new GatewayError('CHANNEL_UNKNOWN', 'there is no such channel', { cause });
  t.ok(error instanceof Error);
  t.match(error, {
    ...{ name: 'GatewayError', code: 'SSE_GATEWAY_CHANNEL_UNKNOWN', statusCode: 404, cause },
    message: 'there is no such channel',
  });
});

t.test(
  'statuses tell whose fault it is: ours and misuse 5xx, the client 4xx, the upstream 502 or 504',
  async (t) => {
    const status = (name: ConstructorParameters<typeof GatewayError>[0]): number =>
      new GatewayError(name, '').statusCode;
    t.equal(status('OPTION_INVALID'), 500);
    t.equal(status('PARAMETER_INVALID'), 400);
    t.equal(status('NOT_ACCEPTABLE'), 406);
    t.equal(status('RESUME_GAP'), 410);
    t.equal(status('CHANNEL_LIMIT'), 503);
    t.equal(status('CLOSED'), 503);
    t.equal(status('UPSTREAM_FAILED'), 502);
    t.equal(status('UPSTREAM_IDLE_TIMEOUT'), 504);
  },
);

t.test('close reasons are distinct words that can be a label', async (t) => {
  t.equal(new Set(CLOSE_REASONS).size, CLOSE_REASONS.length);
  for (const reason of CLOSE_REASONS) t.match(reason, /^[a-z]+(-[a-z]+)*$/);
});
