import t from 'tap';
import { type FaultName, fault } from '../../src/upstream/fault.js';
import { UrlChoice } from '../../src/upstream/url-choice.js';
import { DEFAULTS } from './rig.js';

const terminal = fault('UPSTREAM_STATUS', '404', { terminal: true });
const broken = (name: FaultName = 'UPSTREAM_NETWORK', retryAfterMs?: number) =>
  fault(name, 'broken', { retryAfterMs });

/** Delays without jitter but of half the ceiling: 1 s, 2 s, 4 s … */
function choice(urls: readonly string[], sharedIds = false): UrlChoice {
  return new UrlChoice({ ...DEFAULTS, urls, sharedIds }, () => 0.5);
}

/** The current URL fails at `now`; the one that is asked next. */
function fail(urls: UrlChoice, now: number, ended = broken()): string {
  urls.current.over(now, ended, false, undefined);
  return urls.choose(now).url;
}

t.test('the first of the list is asked first, and stays while nothing fails', async (t) => {
  const urls = choice(['a', 'b']);
  t.equal(urls.current.url, 'a');
  t.equal(urls.choose(5).url, 'a');
});

t.test(
  'a failed attempt moves on at once, and a list that is down waits for the one due first',
  async (t) => {
    const urls = choice(['a', 'b', 'c']);
    t.equal(fail(urls, 0), 'b');
    t.equal(urls.current.askableAt, Number.NEGATIVE_INFINITY);
    t.equal(fail(urls, 10), 'c');
    t.equal(fail(urls, 20), 'a');
    t.equal(urls.current.askableAt, 1_000);
  },
);

t.test('each URL has its own growing delays, so that a long list is not asked faster', async (t) => {
  const urls = choice(['a', 'b']);
  const asked: number[] = [];
  let now = 0;
  for (let i = 0; i < 10; i += 1) {
    if (urls.current.url === 'a') asked.push(now);
    fail(urls, now);
    now = Math.max(now, urls.current.askableAt);
  }
  t.same(asked, [0, 1_000, 3_000, 7_000, 15_000]);
});

t.test('a good stream that breaks is asked for again where it was, and only then elsewhere', async (t) => {
  const urls = choice(['a', 'b']);
  urls.current.reset();
  urls.current.over(0, broken(), true, undefined);
  t.equal(urls.choose(0).url, 'a');
  t.ok(urls.current.askableAt > 0);
  t.equal(fail(urls, 1_000), 'b');
});

t.test('nothing goes back to the first of the list by itself', async (t) => {
  const urls = choice(['a', 'b']);
  fail(urls, 0);
  urls.current.reset();
  t.equal(urls.choose(1_000_000).url, 'b');
  urls.current.over(1_000_000, broken('UPSTREAM_ENDED'), true, undefined);
  t.equal(urls.choose(1_000_000).url, 'b');
});

t.test('of those that may be asked now, the one whose failure is longest ago is taken', async (t) => {
  const urls = choice(['a', 'b', 'c']);
  fail(urls, 0);
  fail(urls, 10);
  urls.current.reset();
  t.equal(fail(urls, 100_000), 'a');
  t.equal(fail(urls, 100_010), 'b');
});

t.test('a Retry-After holds for the URL that sent it', async (t) => {
  const urls = choice(['a', 'b']);
  t.equal(fail(urls, 0, broken('UPSTREAM_STATUS', 60_000)), 'b');
  t.equal(fail(urls, 10), 'b');
  t.equal(urls.current.askableAt, 1_010);
  t.equal(fail(urls, 1_010), 'b');
});

t.test('all are out only when the last answer of each was one for good', async (t) => {
  const urls = choice(['a', 'b']);
  t.equal(fail(urls, 0, terminal), 'b');
  t.notOk(urls.out);
  t.equal(fail(urls, 10), 'b');
  fail(urls, 1_010, terminal);
  t.ok(urls.out);
  t.equal(urls.choose(1_010).url, 'a', 'the first that may be asked again');
  t.equal(urls.current.askableAt, 60_000);
});

t.test('what is known of a stream holds at another URL only where ids are shared', async (t) => {
  for (const shared of [false, true]) {
    const urls = choice(['a', 'b'], shared);
    t.ok(urls.continues, 'nothing has streamed');
    t.notOk(urls.begin());
    t.ok(urls.continues);
    fail(urls, 0);
    t.equal(urls.continues, shared);
    t.ok(urls.begin(), 'it moved');
    t.ok(urls.continues);
    t.notOk(urls.begin());
  }
});
