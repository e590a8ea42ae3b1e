/** Requests that are two, or none, or more than a client needs: none of them is answered inside the stream of another. */
import assert from 'node:assert/strict';
import { until } from '../../helpers/waits.js';
import type { Fault, Scene } from '../fault.js';
import { assertNobodyLeft, EVENTS, inBothForms, megabytes, memory, stageOf } from './client-stage.js';

/** What is hidden in a request: if it is ever answered, its answer says so. */
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n';
const size = HIDDEN.length;
const chunked = `${size.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;

/** `split`: where bodies are no bodies, the hidden one is a request of its own, in plain sight. */
const SHAPES: Readonly<Record<string, string>> = {
  'CL and TE': `Content-Length: ${size + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'TE and CL': `Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`,
  'two CL': `Content-Length: 0\r\nContent-Length: ${size}\r\n\r\n${HIDDEN}`,
  'a list in CL': `Content-Length: 0, ${size}\r\n\r\n${HIDDEN}`,
  'a sign in CL': `Content-Length: +${size}\r\n\r\n${HIDDEN}`,
  'a blank before the colon': `Content-Length : ${size}\r\n\r\n${HIDDEN}`,
  'TE folded': `Transfer-Encoding:\r\n chunked\r\n\r\n${chunked}`,
  'CL folded into another': `X-A: b\r\n Content-Length: ${size}\r\n\r\n${HIDDEN}`,
  'a bare LF': `X-A: b\nContent-Length: ${size}\r\n\r\n${HIDDEN}`,
  'a bare CR': `X-A: b\rContent-Length: ${size}\r\n\r\n${HIDDEN}`,
  'TE that goes on behind chunked': `Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`,
  'TE twice': `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${chunked}`,
  'TE of another name': `Transfer-Encoding: xchunked\r\n\r\n${chunked}`,
  'TE identity': `Transfer-Encoding: identity\r\n\r\n${chunked}`,
  'TE with a tab': `Transfer-Encoding:\tchunked\r\n\r\n${chunked}`,
  'a request as the body': `Content-Length: ${size}\r\n\r\n${HIDDEN}`,
  'a request as a chunk': `Transfer-Encoding: chunked\r\n\r\n${chunked}`,
  'a chunk extension': `Transfer-Encoding: chunked\r\n\r\n${chunked.replace('\r\n', ';a="b"\r\n')}`,
  'a chunk extension that ends in LF': `Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n0\r\n\r\n${HIDDEN}`,
  'an endless chunk extension': `Transfer-Encoding: chunked\r\n\r\n2;${'a'.repeat(20_000)}\r\nxx\r\n0\r\n\r\n${HIDDEN}`,
  'a chunk size beyond counting': `Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n${HIDDEN}`,
};

const smuggled = inBothForms({
  name: 'client: requests that hide another',
  promise:
    'the hidden one is never answered, and a stream is one subscriber with nothing of another answer in it',
  run: async (scene, detachStreams) => {
    const asked: string[] = [];
    const { gateway, reasons } = await stageOf(scene, {}, { detachStreams });
    gateway.app.server.on('request', ({ url }) => asked.push(url!));
    const other = await gateway.live();
    let refused = 0;
    for (const [shape, bytes] of Object.entries(SHAPES)) {
      const raw = gateway.raw(EVENTS + bytes);
      await raw.waitFor(/\r\n\r\n/);
      gateway.upstream.publishNumbered(1);
      await other.waitFor(gateway.upstream.number);
      // What would be answered has been by now: the answers to one connection are in order.
      raw.send(HIDDEN.replace('hidden', 'behind'));
      raw.end();
      const text = await raw.waitForClose();
      assert.equal(
        text.match(/HTTP\/1\.1 \d/g)?.length,
        1,
        `${shape}: one answer, not ${JSON.stringify(text)}`,
      );
      if (text.startsWith('HTTP/1.1 400')) refused += 1;
      else
        assert.match(
          text,
          /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n(?:[0-9a-f]+\r\n(?:[^\r\n]*\n)+\r\n)*(?:0\r\n\r\n)?$/,
          shape,
        );
      await gateway.waitForSubscribers(1);
    }
    assert.ok(!asked.includes('/hidden'), 'a hidden request came through');
    const streams = Object.keys(SHAPES).length - refused;
    assert.equal(reasons.length, streams, 'each stream is accounted for');
    other.destroy();
    await assertNobodyLeft(gateway);
    return {
      lost: 0,
      seen: `${Object.keys(SHAPES).length} shapes: ${refused} answered with 400, ${streams} with a stream`,
    };
  },
});

const PIPELINED = 300;

const pipelined = inBothForms({
  name: 'client: 300 requests behind a stream',
  promise: 'the connection is cut at 256 that wait, with nothing of another answer in the stream',
  run: async (scene, detachStreams) => {
    const { gateway, reasons } = await stageOf(scene, {}, { detachStreams });
    const other = await gateway.live();
    const raw = gateway.raw(`${EVENTS}\r\n`);
    await raw.waitFor('retry:');
    gateway.upstream.publishNumbered(1);
    await raw.waitFor('id: 1\n');
    raw.send(`${EVENTS}\r\n`.repeat(PIPELINED));
    if (detachStreams) {
      // Nobody reads requests there any more.
      gateway.upstream.publishNumbered(1);
      await raw.waitFor('id: 2\n');
      assert.equal(gateway.subscribers, 2);
      raw.end();
    }
    const text = await raw.waitForClose();
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer');
    await gateway.waitForSubscribers(1);
    assert.equal(reasons.length, 1);
    // All at once, so that they are parsed before the first of them begins.
    const burst = gateway.raw(`${EVENTS}\r\n`.repeat(PIPELINED));
    if (detachStreams) {
      await burst.waitFor('retry:');
      burst.end();
    }
    const rest = await burst.waitForClose();
    assert.ok((rest.match(/HTTP\/1\.1 \d/g)?.length ?? 0) <= 1, 'one answer at most');
    other.destroy();
    await assertNobodyLeft(gateway);
    return {
      seen: `${PIPELINED} behind one, and ${PIPELINED} at once: ${reasons.length - 1} streams, limit 2`,
    };
  },
});

/** Sends pieces of a body until so many bytes went out. */
async function pour(
  raw: { send(bytes: Uint8Array): void; readonly unsent: number },
  bytes: number,
): Promise<void> {
  const piece = Buffer.alloc(1_048_576, 'GET / HTTP/1.1\r\n\r\n');
  for (let sent = 0; sent < bytes; sent += piece.length) {
    raw.send(piece);
    await until(
      () => raw.unsent < 4 * piece.length,
      () => `${raw.unsent} bytes are not taken`,
    );
  }
}

const GROWTH = 24 * 1_048_576;

const bodies = inBothForms({
  name: 'client: a request for a stream with a body without end',
  promise: 'the body is read and thrown away, memory is flat, and the end of the client is seen',
  run: async (scene: Scene, detachStreams) => {
    const { gateway } = await stageOf(scene, {}, { detachStreams });
    const other = await gateway.live();
    const raw = gateway.raw(`${EVENTS}Content-Length: 100000000000\r\n\r\n`);
    await raw.waitFor('retry:');
    const before = memory();
    await pour(raw, (scene.full ? 2_048 : 128) * 1_048_576);
    const grown = memory() - before;
    assert.ok(grown < GROWTH, `grown by ${megabytes(grown)}`);
    gateway.upstream.publishNumbered(1);
    await Promise.all([raw.waitFor('id: 1\n'), other.waitFor(1)]);
    assert.equal(raw.text.match(/HTTP\/1\.1 \d/g)?.length, 1, 'the body is no request');
    raw.end();
    await gateway.waitForSubscribers(1);
    other.destroy();
    await assertNobodyLeft(gateway);
    return {
      memoryBytes: Math.max(0, grown),
      seen: `grown by ${megabytes(grown)}, limit ${megabytes(GROWTH)}`,
    };
  },
});

export const REQUEST_FAULTS: readonly Fault[] = [...smuggled, ...pipelined, ...bodies];
