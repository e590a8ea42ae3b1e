/** Hooks of the host that throw. */
import assert from 'node:assert/strict';
import type { Fault, Scene } from '../fault.js';
import { hostApp, settled, upstreamOf } from '../process/stage.js';

async function hooksThrow(scene: Scene) {
  const upstream = await upstreamOf(scene);
  const gateway = await hostApp(scene, {
    channels: { events: { url: upstream.url, replay: true } },
  });
  upstream.start(50);
  const bystanders = await gateway.readers(20);
  const wronged = (hook: string, count = 5) =>
    Array.from({ length: count }, () => gateway.client({ headers: { 'x-throw': hook } }));
  for (const hook of ['onRequest', 'preHandler']) {
    for (const client of wronged(hook)) assert.equal((await client.opened()).status, 500, hook);
  }
  // Those whose onStream throws, at once or later, are served all the same; half of them leave, which it is told of, too.
  const served = [...wronged('onStream', 6), ...wronged('onStream, later', 6)];
  await Promise.all(served.map((client) => client.waitFor(10)));
  const stayed = served.filter((client, i) => i % 2 === 0 || client.reset());
  const answer = await fetch(`http://127.0.0.1:${gateway.port}/disconnect`);
  assert.equal(answer.status, 500, 'a filter that throws is its caller’s to know');
  upstream.stop();
  const outcome = await settled([...bystanders, ...stayed], upstream.publishNumbered());
  assert.deepEqual(outcome, { lost: 0, duplicated: 0, announced: 0 });
  assert.equal(gateway.child.exit, undefined);
  assert.equal(upstream.requests.length, 1);
  return {
    ...outcome,
    seen: `${bystanders.length} bystanders and ${stayed.length} clients of throwing hooks complete`,
  };
}

export const HOOKS: readonly Fault[] = [
  {
    name: 'process: hooks of the host that throw',
    promise: 'their own request answers 500, an onStream disturbs nobody, not even its own client',
    run: hooksThrow,
  },
];
