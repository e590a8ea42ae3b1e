/** Silent streams are asked for a sign of life by the kernel: seen in its own table of sockets. */
import { execFileSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { requireBinary } from '../helpers/process.js';
import { type Served, serve } from './serve.js';

/** The timer that the kernel runs for our side of the only client's connection, and the seconds left on it. */
function timerOf(
  ss: string,
  gateway: Served,
): { readonly kind: string | undefined; readonly seconds: number } {
  const filter = ['-tnoH', 'state', 'established', `sport = :${gateway.port}`];
  const [, kind, left = ''] =
    /timer:\((\w+),([^,]+)/.exec(execFileSync(ss, filter, { encoding: 'utf8' })) ?? [];
  const [, minutes = '0', seconds = '0'] = /^(?:(\d+)min)?(?:([\d.]+)sec)?/.exec(left) ?? [];
  return { kind, seconds: Number(minutes) * 60 + Number(seconds) };
}

async function quiet(t: Test, keepAliveMs: number | undefined, detachStreams: boolean): Promise<Served> {
  const gateway = await serve(t, (origin) => ({
    detachStreams,
    channels: {
      prices: { url: `${origin}/prices`, ...(keepAliveMs === undefined ? {} : { keepAliveMs }) },
    },
  }));
  await gateway.live();
  return gateway;
}

for (const detachStreams of [false, true]) {
  const form = detachStreams ? 'detached streams' : 'streams';
  t.test(`${form} are probed after keepAliveMs of silence, and after a minute by default`, async (t) => {
    const ss = requireBinary(t, 'ss');
    if (ss === undefined) return;
    for (const keepAliveMs of [20_000, undefined]) {
      const { kind, seconds } = timerOf(ss, await quiet(t, keepAliveMs, detachStreams));
      const limit = (keepAliveMs ?? 60_000) / 1_000;
      t.equal(kind, 'keepalive');
      t.ok(seconds <= limit && seconds > limit - 10, `in ${seconds} s of ${limit}`);
    }
  });
}

t.test('part of a second counts as one, and 0 as never', async (t) => {
  const ss = requireBinary(t, 'ss');
  if (ss === undefined) return;
  const { kind, seconds } = timerOf(ss, await quiet(t, 1, false));
  t.equal(kind, 'keepalive');
  t.ok(seconds <= 1, `${seconds} s`);
  t.equal(timerOf(ss, await quiet(t, 0, false)).kind, undefined);
});
