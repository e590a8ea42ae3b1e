/** What `npm start` shows, with nothing replaced: the command, its upstream, the gateway and a real browser. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { launchChromium } from '../helpers/chromium.js';
import { until } from '../helpers/waits.js';
import { command, portOf } from './command.js';

const number = async (page: Page, id: string): Promise<number> =>
  Number((await page.getByTestId(id).textContent())?.replace(/\D/g, '') ?? Number.NaN);

t.test(
  'the page follows the stream through a cut upstream and a dropped connection without a hole',
  async (t) => {
    const browser = await launchChromium(t);
    if (browser === undefined) return;
    const child = command(t, ['demo', '--port', '0']);
    const origin = `http://127.0.0.1:${await portOf(child)}`;
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(origin);
    const reaches = async (id: string, least: number): Promise<void> => {
      let seen = Number.NaN;
      let looking = false;
      const look = async (): Promise<void> => {
        if (looking) return;
        looking = true;
        seen = await number(page, id);
        looking = false;
      };
      const enough = (): boolean => {
        void look();
        return seen >= least;
      };
      await until(enough, () => `${id} is ${seen}, not ${least}`, 20_000);
    };
    await reaches('events', 20);

    const beforeCut = await (await fetch(`${origin}/metrics`)).text();
    await page.getByTestId('cut').click();
    await reaches('events', (await number(page, 'events')) + 30);
    const afterCut = await (await fetch(`${origin}/metrics`)).text();
    const reconnects = (text: string): number =>
      Number(/upstream_reconnects_total\{[^}]*outcome="ok"\} (\d+)/.exec(text)?.[1] ?? 0);
    t.ok(reconnects(afterCut) > reconnects(beforeCut), 'the cut reached the upstream');

    await page.getByTestId('drop').click();
    await reaches('resumes', 1);
    await reaches('events', (await number(page, 'events')) + 20);

    if (process.env['SCREENSHOTS'])
      await page.screenshot({ path: join(process.env['SCREENSHOTS'], 'demo.png') });
    t.equal(await page.getByTestId('state').textContent(), 'open');
    for (const id of ['holes', 'duplicates', 'gaps']) t.equal(await number(page, id), 0, id);
    t.same(problems, []);
  },
);
