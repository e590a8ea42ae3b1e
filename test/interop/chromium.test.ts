/** Chromium's EventSource as a client: fifty of them in one page, across origins. */
import cors from '@fastify/cors';
import t from 'tap';
import { launchChromium } from '../helpers/chromium.js';
import { eventSourcePage, type PageRecord } from './fixtures/event-source-page.js';
import { numbersTo, Reading } from './fixtures/reading.js';
import { setStage } from './fixtures/stage.js';
import { scrape } from './scrape.js';

const CLIENTS = 50;
/** A renderer announces nothing to the outside; Playwright looks every so many ms. */
const LOOK = { polling: 50, timeout: 30_000 };

t.test(
  'fifty EventSources of Chromium miss nothing across origins, and resume without a hole or a repeat when they are cut',
  async (t) => {
    const browser = await launchChromium(t);
    if (browser === undefined) return;
    const { upstream, gateway, proxy } = await setStage(t, {
      setup: async (app) => {
        await app.register(cors, { origin: true });
        app.get('/page', async (_request, reply) =>
          // One response per connection: the proxy follows no second one.
          reply.type('text/html').header('connection', 'close').send(eventSourcePage(CLIENTS)),
        );
      },
    });
    const page = await browser.newPage();
    await page.goto(`http://localhost:${proxy.port}/page`);
    await page.waitForFunction('opened(1)', undefined, LOOK);

    const before = upstream.publishNumbered(300);
    await page.waitForFunction(`arrived('${before}')`, undefined, LOOK);

    upstream.start(200);
    await page.waitForFunction(
      `records.every(({ events }) => events.length > ${before + 20})`,
      undefined,
      LOOK,
    );
    proxy.cutNow();
    await page.waitForFunction('opened(2)', undefined, LOOK);
    upstream.stop();
    const last = upstream.publishNumbered();
    await page.waitForFunction(`arrived('${last}')`, undefined, LOOK);

    const records = await page.evaluate<PageRecord[]>('records');
    t.equal(records.length, CLIENTS);
    for (const { opens, events } of records) {
      const reading = new Reading();
      for (const [type, data, id] of events) reading.event(type, data, id);
      t.ok(reading.check.contiguous, `${reading.check}`);
      t.strictSame(reading.ids, numbersTo(last));
      t.equal(opens, 2);
    }
    t.equal((await scrape(gateway.port)).sum('resumes_total', { outcome: 'exact' }), CLIENTS);
  },
);
