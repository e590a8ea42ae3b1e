/**
 * A real browser for the tests of what browsers do. It refuses to download one: Chromium is the system's
 * (`apt-get install chromium`), and the run is headless and makes no request of its own.
 */
import { access } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';
import type { Test } from 'tap';

const PATH = '/usr/bin/chromium';
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A browser that is closed with the test. Undefined where none is installed: the test is then marked as skipped and
 * should return.
 *
 * @throws When none is installed and the environment has CI=true.
 */
export async function launchChromium(t: Test): Promise<Browser | undefined> {
  try {
    await access(PATH);
  } catch (cause) {
    if (process.env['CI'] === 'true')
      throw new Error(`${PATH} is missing, and CI runs every test`, { cause });
    t.pass('needs a browser', { skip: `${PATH} is not installed (apt-get install chromium)` });
    return undefined;
  }
  const browser = await chromium.launch({ executablePath: PATH, args: ARGS });
  t.teardown(() => browser.close());
  return browser;
}
