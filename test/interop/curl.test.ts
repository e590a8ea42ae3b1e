/** curl as a client, in three versions of HTTP; it remembers no id, so that a resume is a new call with the header. */
import t, { type Test } from 'tap';
import { requireBinary } from '../helpers/process.js';
import { SseLines } from '../helpers/sse-lines.js';
import { numbersTo, Reading } from './fixtures/reading.js';
import { setStage } from './fixtures/stage.js';
import { Program } from './program.js';

const CLIENTS = 5;

interface Version {
  readonly args: readonly string[];
  readonly http2?: boolean;
}

const VERSIONS: Record<string, Version> = {
  'HTTP/1.0': { args: ['--http1.0'] },
  'HTTP/1.1': { args: ['--http1.1'] },
  'HTTP/2 without TLS': { args: ['--http2-prior-knowledge'], http2: true },
};

for (const [name, { args, http2 = false }] of Object.entries(VERSIONS)) {
  t.test(
    `curl over ${name} prints every event as it comes, and goes on exactly when called with its last id`,
    async (t) => {
      const curl = requireBinary(t, 'curl');
      if (curl === undefined) return;
      const { upstream, gateway, proxy, url } = await setStage(t, { http2 });
      const readings = Array.from({ length: CLIENTS }, () => new Reading());
      const call = (reading: Reading): Program => run(t, curl, [...args, ...resume(reading), url], reading);
      const first = readings.map(call);
      await Promise.all(readings.map((reading) => reading.waitForOpens(1)));
      upstream.start(500);
      await Promise.all(readings.map((reading) => reading.waitForNumber(100)));
      t.equal(proxy.connectionsTotal, CLIENTS);
      t.equal(gateway.stats().subscribers, CLIENTS);

      proxy.cutNow();
      await Promise.all(first.map((program) => program.waitForExit()));
      readings.map(call);
      await Promise.all(readings.map((reading) => reading.waitForOpens(2)));
      upstream.stop();
      const last = upstream.publishNumbered();
      await Promise.all(readings.map((reading) => reading.waitForNumber(last)));
      for (const { check, ids } of readings) {
        t.ok(check.contiguous, `${check}`);
        t.strictSame(ids, numbersTo(last));
      }
    },
  );
}

function resume({ ids }: Reading): string[] {
  const id = ids.at(-1);
  return id === undefined ? [] : ['--header', `Last-Event-ID: ${id}`];
}

/** One call; the preamble's `retry:` tells that the stream began. */
function run(t: Test, curl: string, args: readonly string[], reading: Reading): Program {
  const lines = new SseLines(
    {
      event: ({ type, data, id }) => reading.event(type, data, id),
      comment: () => undefined,
      retry: () => reading.opened(),
    },
    reading.ids.at(-1),
  );
  const onOutput = (bytes: Buffer): void => lines.push(bytes);
  return new Program(t, curl, ['--silent', '--show-error', '--no-buffer', '--noproxy', '*', ...args], {
    onOutput,
  });
}
