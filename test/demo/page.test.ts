import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { page as html, pageCsp } from '../../demo/index.js';
import { launchChromium } from '../helpers/chromium.js';
import { event, gap, Stub } from './stub.js';

t.test('the document names no other origin and no inline handler or style', async (t) => {
  t.notMatch(html, /https?:|\/\/[a-z0-9-]+\.[a-z]/i);
  t.notMatch(html, /<[^>]+\s(?:on\w+|style)=/i);
  t.notMatch(html, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/);
});

t.test(
  'the policy allows the one script and the one style of the document, by hash, and nothing else',
  async (t) => {
    for (const tag of ['script', 'style']) {
      const [inline, ...more] = [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))];
      t.same(more, []);
      const hash = createHash('sha256').update(inline![1]!).digest('base64');
      t.ok(pageCsp.includes(`${tag}-src 'sha256-${hash}'`), tag);
    }
    t.ok(pageCsp.startsWith("default-src 'none';"));
    t.notMatch(pageCsp, /unsafe/);
  },
);

t.test('in a browser', async (t) => {
  const browser = await launchChromium(t);
  if (browser === undefined) return;

  t.test(
    'events appear as they come, their text as text, and nothing is asked of another origin',
    async (t) => {
      const { stub, page, shows } = await visit(t, browser);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.reload();
      const { response } = await stub.stream(1);
      await shows('state', 'open');
      response.write(
        event(1) +
          event(2, { type: 'berth' }) +
          event(3, { type: 'notice', text: '<img src=x onerror=x()>' }),
      );
      await shows('events', '3');
      await shows('last-id', '3.r');
      await shows('holes', '0');
      t.same(await page.getByTestId('list').locator('li').count(), 3);
      t.match(
        await page.getByTestId('list').locator('li').first().textContent(),
        /<img src=x onerror=x\(\)>/,
      );
      t.equal(await page.locator('main img').count(), 0);
      t.same(
        asked.filter((url) => !url.startsWith(`${stub.origin}/`) && !url.startsWith('data:')),
        [],
      );
    },
  );

  t.test('a skipped number is a hole and a repeated one a duplicate, told as unannounced', async (t) => {
    const { stub, page, shows } = await visit(t, browser);
    (await stub.stream(0)).response.write(event(1) + event(2) + event(5) + event(5) + event(6));
    await shows('holes', '1');
    await shows('duplicates', '1');
    await shows('holes-note', '2 events, 1 silent');
    t.match(await page.getByTestId('moments').textContent(), /2 events missing from n=3, UNANNOUNCED/);
  });

  t.test('a gap is shown with its reason, and the hole behind it counts as announced', async (t) => {
    const { stub, page, shows } = await visit(t, browser);
    (await stub.stream(0)).response.write(
      event(1) + gap('lagged', 7) + event(9) + gap('upstream', null) + event(10),
    );
    await shows('gaps', '2');
    await shows('gaps-note', 'lagged, upstream');
    await shows('holes', '1');
    await shows('holes-note', '7 events, announced');
    t.match(await page.getByTestId('moments').textContent(), /Gap: lagged, 7 events lost/);
  });

  t.test(
    'a lost connection is resumed by the browser, and counted as exact when nothing is missing',
    async (t) => {
      const { stub, shows } = await visit(t, browser);
      const first = await stub.stream(0);
      first.response.write(event(1) + event(2));
      await shows('events', '2');
      first.response.end();
      const second = await stub.stream(1);
      t.equal(second.request.headers['last-event-id'], '2.r');
      second.response.write(event(3));
      await shows('resumes', '1');
      await shows('reconnects', '1');
      second.response.destroy();
      (await stub.stream(2)).response.write(event(6));
      await shows('reconnects', '2');
      await shows('holes', '1');
      await shows('resumes', '1');
    },
  );

  t.test('dropping the connection opens another one that asks for the last id', async (t) => {
    const { stub, page, shows } = await visit(t, browser);
    const first = await stub.stream(0);
    first.response.write('id: ü;&=1\ndata: {"n":1,"run":"r"}\n\n');
    await shows('events', '1');
    await shows('last-id', 'ü;&=1');
    await page.getByTestId('drop').click();
    const second = await stub.stream(1);
    t.equal(new URL(second.request.url!, stub.origin).searchParams.get('lastEventId'), 'ü;&=1');
    second.response.write('id: 2\ndata: {"n":2,"run":"r"}\n\n');
    await shows('resumes', '1');
    await shows('reconnects', '1');
  });

  t.test('an id with a quote stays one word of the shell command that resumes at it', async (t) => {
    const { stub, shows } = await visit(t, browser);
    (await stub.stream(0)).response.write(`id: a'b$(c)\ndata: x\n\n`);
    await shows('curl-resume', `curl -N -H 'Last-Event-ID: a'\\''b$(c)' ${stub.origin}/events/demo`);
  });

  t.test('an upstream that starts anew is no hole and no duplicate', async (t) => {
    const { stub, page, shows } = await visit(t, browser);
    (await stub.stream(0)).response.write(event(41) + event(1, { run: 's' }) + event(2, { run: 's' }));
    await shows('events', '3');
    await shows('holes', '0');
    await shows('duplicates', '0');
    t.match(await page.getByTestId('moments').textContent(), /started anew/);
  });

  t.test("the gateway's end is told, and a connection refused for good is shown as closed", async (t) => {
    const { stub, page, shows } = await visit(t, browser);
    const { response } = await stub.stream(0);
    response.write(`${event(1)}event: gateway.end\ndata: {"reason":"upstream-failed"}\n\n`);
    await shows('events', '1');
    await page.route('**/events/demo*', (route) => route.fulfill({ status: 502 }));
    response.end();
    await shows('state', 'closed');
    t.match(await page.getByTestId('moments').textContent(), /ended the stream: upstream-failed/);
  });

  t.test(
    "the upstream's state follows /health, whatever fields it has and whatever its status",
    async (t) => {
      const { stub, page, shows } = await visit(t, browser);
      await shows('upstream-state', 'unknown');
      stub.health.body = {
        status: 'ok',
        channels: { demo: { state: 'open', subscribers: 2, lastEventAgeMs: 12 } },
      };
      await shows('upstream-state', 'open');
      await shows('gateway-note', '2 clients');
      stub.health = {
        status: 503,
        body: { status: 'draining', channels: { demo: { state: 'backoff', attempts: 3 } } },
      };
      await shows('upstream-state', 'backoff');
      await shows('upstream-note', 'attempt 3');
      await shows('gateway-state', 'draining');
      stub.health.body = null;
      await shows('gateway-state', 'unreachable');
      t.match(await page.getByTestId('moments').textContent(), /Upstream backoff.*Upstream open/);
      t.ok((await page.getByTestId('history').locator('i').count()) >= 3);
    },
  );

  t.test('the buttons cut the upstream, add a second client and hold the list still', async (t) => {
    const { stub, page, shows } = await visit(t, browser);
    const { response } = await stub.stream(0);
    response.write(event(1));
    await shows('events', '1');
    await page.getByTestId('cut').click();
    await page.getByTestId('second').click();
    (await stub.stream(1)).response.write(event(1));
    await shows('second-client', 'in step, 0 holes');
    t.equal(stub.cuts, 1);
    await page.getByTestId('pause').click();
    response.write(event(2));
    await shows('events', '2');
    t.equal(await page.getByTestId('list').locator('li').count(), 1);
    await page.getByTestId('pause').click();
    t.equal(await page.getByTestId('list').locator('li').count(), 2);
    await page.getByTestId('second').click();
    await shows('second-client', 'none');
  });

  t.test('it fits a phone without scrolling sideways, and every control has a name', async (t) => {
    const { page } = await visit(t, browser, { width: 360, height: 740 });
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    for (const button of await page.getByRole('button').all()) t.match(await button.textContent(), /\w/);
    for (const role of ['main', 'banner', 'log', 'status'] as const)
      t.equal(await page.getByRole(role).count(), 1, role);
  });
});

/** A stub and a page that shows it; a script error on the page, or a breach of its policy, fails the test. */
async function visit(t: Test, browser: Browser, viewport = { width: 1280, height: 800 }) {
  const stub = await new Stub().listen();
  t.teardown(() => stub.close());
  const page: Page = await browser.newPage({ viewport });
  t.teardown(() => page.close());
  page.on('pageerror', (error) => t.fail(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) t.fail(message.text());
  });
  await page.goto(stub.origin);
  const shows = async (id: string, text: string) => {
    const place = page.getByTestId(id);
    // Not waitForFunction: it evaluates text, which the page's policy forbids.
    const there = place.filter({ hasText: new RegExp(`^${text.replace(/[^\w ]/g, '\\$&')}$`) });
    await there.waitFor({ state: 'attached', timeout: 5_000 }).catch(() => {});
    t.equal(await place.textContent(), text, `${id} shows ${text}`);
  };
  return { stub, page, shows };
}
