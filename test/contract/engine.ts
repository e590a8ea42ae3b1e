/** What every engine promises, whatever is behind it; run by the test of each. */
import t from 'tap';
import type { Engine } from '../../src/engine/engine.js';
import { Batch } from '../../src/log/batch.js';
import type { EventLog } from '../../src/log/event-log.js';
import { batchOf } from '../log/fixture.js';

export interface EngineRig {
  readonly log: EventLog;
  readonly engine: Engine;
  close(): Promise<void>;
}

const append = (engine: Engine, batch: Batch): Promise<void> =>
  new Promise((done) => engine.append(batch, done));

export function engineContract(name: string, make: () => Promise<EngineRig>): void {
  t.test(`${name}: a batch is in the log, whole and in order, when it is committed`, async (t) => {
    const { log, engine, close } = await make();
    await append(engine, batchOf(['a', 'bb', 'ccc']));
    t.same(
      [1, 2, 3].map((seq) => String(log.frameOf(seq))),
      ['a', 'bb', 'ccc'],
    );
    await close();
  });

  t.test(
    `${name}: committed is called once per batch, and the batch may be reused from then on`,
    async (t) => {
      const { log, engine, close } = await make();
      const batch = new Batch();
      let calls = 0;
      for (let i = 1; i <= 5; i += 1) {
        batchOf([`event ${i}`], batch);
        await new Promise<void>((done) => {
          engine.append(batch, () => {
            calls += 1;
            done();
          });
        });
        batch.reset();
      }
      t.equal(calls, 5);
      t.equal(String(log.frameOf(5)), 'event 5');
      t.equal(String(log.frameOf(1)), 'event 1');
      await close();
    },
  );

  t.test(`${name}: seqs are contiguous, and a batch that names its first seq gets it`, async (t) => {
    const { log, engine, close } = await make();
    for (let i = 0; i < 3; i += 1) {
      const batch = batchOf(['x', 'y']);
      batch.firstSeq = log.tipSeq;
      await append(engine, batch);
    }
    t.equal(log.tipSeq, 7);
    await close();
  });

  t.test(`${name}: ids and tags arrive with their events`, async (t) => {
    const { log, engine, close } = await make();
    await append(engine, batchOf([{ bytes: Buffer.from('id-5.'), id: 'id-5', tag: 7 }]));
    t.equal(log.indexOf(Buffer.from('id-5')), 1);
    t.equal(log.tagOf(1), 7);
    await close();
  });
}
