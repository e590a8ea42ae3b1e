import fc from 'fast-check';
import t from 'tap';
import { Backoff, type BackoffOptions } from '../../src/upstream/backoff.js';

const OPTIONS: BackoffOptions = {
  backoffBaseMs: 1_000,
  backoffMinMs: 100,
  backoffMaxMs: 30_000,
  retryAfterMaxMs: 300_000,
};

/** A backoff after some failures, with randomness nailed to one value. */
function after(failures: number, random: number, options = OPTIONS): Backoff {
  const backoff = new Backoff(options, () => random);
  for (let i = 0; i < failures; i++) backoff.fail();
  return backoff;
}

const delay = (failures: number, random: number, retryMs?: number, retryAfterMs?: number) =>
  after(failures, random).next(retryMs, retryAfterMs);

t.test(
  'without retry: the delay is full jitter below a ceiling that doubles with each failure',
  async (t) => {
    const halves = [0, 1, 2, 3, 4].map((failures) => delay(failures, 0.5));
    t.same(halves, [250, 1_000, 2_000, 4_000, 8_000], 'and is half the base where nothing failed');
  },
);

t.test('the ceiling stops at backoffMaxMs, however many failures there were', async (t) => {
  t.equal(delay(5, 0.5), 15_000);
  t.equal(delay(10_000, 0.5), 15_000);
});

t.test('full jitter never goes below backoffMinMs', async (t) => {
  t.equal(delay(3, 0), 100);
});

t.test('with retry: the delay is that plus jitter', async (t) => {
  t.equal(delay(0, 0, 3_000), 3_000);
  t.equal(delay(0, 0.5, 3_000), 4_500);
});

t.test('delays grow also for an upstream that sends retry: 100', async (t) => {
  const delays = [0, 1, 2, 3, 4].map((failures) => delay(failures, 0.5, 100));
  t.same(delays, [150, 200, 300, 500, 900]);
});

t.test('a retry: outside the bounds is clamped to them', async (t) => {
  t.equal(delay(0, 0, 0), 100);
  t.equal(delay(0, 0, Number.MAX_SAFE_INTEGER), 30_000);
});

t.test(
  'a retry: at the upper bound keeps a tenth of jitter, so that clients of one upstream spread',
  async (t) => {
    t.equal(delay(8, 0.5, 30_000), 31_500);
  },
);

t.test('Retry-After is a lower bound with jitter on top', async (t) => {
  t.equal(delay(1, 0, undefined, 20_000), 20_000);
  t.equal(delay(1, 0.5, undefined, 20_000), 21_000);
});

t.test('a Retry-After shorter than retry: changes nothing', async (t) => {
  t.equal(delay(0, 0, 3_000, 1_000), 3_000);
});

t.test('Retry-After is honoured up to retryAfterMaxMs', async (t) => {
  t.equal(delay(1, 0, undefined, 86_400_000), 300_000);
});

t.test('a stream that delivered an event and lasted twice the delay before it is good', async (t) => {
  const backoff = after(2, 0.5);
  t.equal(backoff.next(undefined, undefined), 2_000);
  t.equal(backoff.proven(3_999, 1), false);
  t.equal(backoff.proven(4_000, 1), true);
});

t.test('a stream without an event is good only after 60 s', async (t) => {
  const backoff = after(1, 0.5);
  backoff.next(undefined, undefined);
  t.equal(backoff.proven(59_999, 0), false);
  t.equal(backoff.proven(60_000, 0), true);
});

t.test('60 s are enough even after a delay of five minutes', async (t) => {
  const backoff = after(1, 0.5);
  backoff.next(undefined, 300_000);
  t.equal(backoff.proven(60_000, 1), true);
});

t.test('reset makes the next failure the first', async (t) => {
  const backoff = after(7, 0.5);
  backoff.reset();
  backoff.fail();
  t.equal(backoff.failures, 1);
  t.equal(backoff.next(undefined, undefined), 1_000);
});

t.test('every delay lies between its floor and backoffMaxMs, or a tenth above the floor', async () => {
  const options = fc
    .tuple(
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 0, max: 1e6 }),
    )
    .map(
      ([min, toBase, toMax]): BackoffOptions => ({
        backoffMinMs: min,
        backoffBaseMs: min + toBase,
        backoffMaxMs: min + toBase + toMax,
        retryAfterMaxMs: 300_000,
      }),
    );
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const wait = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(
      options,
      fc.nat(2_000),
      unit,
      wait,
      wait,
      (options, failures, random, retryMs, retryAfterMs) => {
        const ms = after(failures, random, options).next(retryMs, retryAfterMs);
        const { backoffMinMs, backoffMaxMs, retryAfterMaxMs } = options;
        const asked = retryMs === undefined ? 0 : Math.min(Math.max(retryMs, backoffMinMs), backoffMaxMs);
        const floor = Math.max(asked, Math.min(retryAfterMs ?? 0, retryAfterMaxMs));
        return ms >= Math.max(floor, backoffMinMs) && ms <= Math.max(backoffMaxMs, floor * 1.1 + 1e-6);
      },
    ),
  );
});

t.test('one more failure never shortens the delay', async () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const retry = fc.option(fc.nat(100_000), { nil: undefined });
  fc.assert(
    fc.property(fc.nat(100), unit, retry, (failures, random, retryMs) => {
      return delay(failures, random, retryMs) <= delay(failures + 1, random, retryMs);
    }),
  );
});
