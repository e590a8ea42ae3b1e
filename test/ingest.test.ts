import fc from 'fast-check';
import t from 'tap';
import type { Engine } from '../src/engine/engine.js';
import { memoryEngine } from '../src/engine/memory.js';
import { parseMinted } from '../src/ids.js';
import { Ingest, type IngestOptions, TAG } from '../src/ingest.js';
import type { Batch } from '../src/log/batch.js';
import { EventLog } from '../src/log/event-log.js';
import { SlabPool } from '../src/log/pool.js';
import { ChannelMetrics } from '../src/metrics/channel-metrics.js';
import { ManualClock } from './helpers/manual-clock.js';

const EPOCH = 35;

interface Options
  extends Partial<Pick<IngestOptions, 'ids' | 'replay' | 'onGap' | 'maxEventBytes' | 'until'>> {
  readonly retainEvents?: number;
  readonly engine?: (log: EventLog) => Engine;
}

function make(options: Options = {}) {
  const clock = new ManualClock();
  const pool = new SlabPool({ poison: true });
  const metrics = new ChannelMetrics();
  const log = new EventLog({
    ...{ pool, epoch: EPOCH, retainBytes: Infinity, retainAgeMs: Infinity },
    retainEvents: options.retainEvents ?? Infinity,
  });
  const commits: number[] = [];
  const { ids = 'auto', replay = 'unknown', onGap = 'signal', maxEventBytes = 1_048_576 } = options;
  const ingest = new Ingest({
    ...{ log, pool, metrics, ids, replay, onGap, maxEventBytes, rememberEvents: 1_024 },
    gap: (reason) => metrics.gaps.add(reason),
    engine: options.engine?.(log) ?? memoryEngine(log, clock),
    committed: (events) => commits.push(events),
    ...(options.until === undefined ? {} : { until: options.until }),
  });
  return {
    ...{ clock, pool, metrics, log, ingest, commits },
    /** Everything that is in the log. */
    get text(): string {
      let text = '';
      for (let seq = log.floorSeq; seq < log.tipSeq; seq += 1) text += log.frameOf(seq);
      return text;
    },
    feed: (text: string | Uint8Array) => ingest.write(Buffer.from(text as string)),
    get cursor(): string | undefined {
      return ingest.cursor && Buffer.from(ingest.cursor).toString();
    },
  };
}

/** A rig in the middle of its first connection. */
function open(options: Options = {}) {
  const rig = make(options);
  rig.ingest.begin(false);
  return rig;
}

t.test(
  'auto: the upstream id where there is one, else a minted one with the cursor it follows',
  async (t) => {
    const rig = open();
    rig.feed('data: a\n\nid: 5\ndata: b\n\ndata: c\n\nid: é\ndata: d\n\n');
    rig.feed('data: e\n\n');
    t.equal(
      rig.text,
      'id: 1-z\ndata: a\n\nid: 5\ndata: b\n\nid: 3-z;5\ndata: c\n\nid: é\ndata: d\n\nid: 5-z;é\ndata: e\n\n',
    );
    t.equal(rig.log.indexOf(Buffer.from('5')), 2);
    t.equal(rig.log.indexOf(Buffer.from('é')), 4);
    t.equal(rig.log.indexOf(Buffer.from('3-z;5')), -1, 'minted ids are arithmetic');
  },
);

t.test('upstream: its field or none, the empty one included', async (t) => {
  const rig = open({ ids: 'upstream' });
  rig.feed('data: a\n\nid: 5\ndata: b\n\nid\ndata: c\n\n');
  t.equal(rig.text, 'data: a\n\nid: 5\ndata: b\n\nid: \ndata: c\n\n');
});

t.test('gateway: a minted id on every event, without the cursor, and the upstream id nowhere', async (t) => {
  const rig = open({ ids: 'gateway' });
  rig.feed('data: a\n\nid: 5\ndata: b\n\nid:\ndata: c\n\ndata: d\n\n');
  t.equal(rig.text, 'id: 1-z\ndata: a\n\nid: 2-z\ndata: b\n\nid: 3-z\ndata: c\n\nid: 4-z\ndata: d\n\n');
  t.equal(rig.log.indexOf(Buffer.from('5')), -1);
});

t.test('the cursor is the newest id field of a complete block, wherever chunks are cut', async (t) => {
  const stream = 'id: 1\ndata: a\n\nid: 22\ndata: b\n\n: c\n\ndata: x\n\nid: 333\n\nid: 4';
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const rig = open();
    rig.feed(stream.slice(0, cut));
    rig.feed(stream.slice(cut));
    t.equal(rig.cursor, '333', `cut at ${cut}`);
  }
});

t.test('a block with an id and no data moves the cursor, and makes no event', async (t) => {
  const rig = open();
  rig.feed('id: 1\ndata: a\n\nid: 2\n\ndata: b\n\n');
  t.equal(rig.cursor, '2');
  t.equal(rig.text, 'id: 1\ndata: a\n\nid: 2-z;2\ndata: b\n\n');
  t.equal(rig.ingest.events, 2);
  t.same(rig.commits, [2]);
});

t.test('an empty id takes the cursor away, also for what follows in the same chunk', async (t) => {
  const rig = open();
  rig.feed('id: 1\ndata: a\n\nid\ndata: b\n\ndata: c\n\n');
  t.equal(rig.cursor, undefined);
  t.equal(rig.text, 'id: 1\ndata: a\n\nid: 2-z\ndata: b\n\nid: 3-z\ndata: c\n\n');
});

t.test('an id with a NUL is none: the cursor stays, and a client sees a minted one', async (t) => {
  const rig = open();
  rig.feed('id: 1\ndata: a\n\nid: 2\u0000\ndata: b\n\n');
  t.equal(rig.cursor, '1');
  t.match(rig.text, 'id: 2-z;1\ndata: b\n\n');
});

t.test('the cursor is a copy: it survives the chunk it came in', async (t) => {
  const rig = open();
  const chunk = Buffer.from('id: abc\ndata: a\n\n');
  rig.ingest.write(chunk);
  chunk.fill('!');
  t.equal(rig.cursor, 'abc');
});

t.test('many events without ids in one chunk cost no more than as many events with one', async (t) => {
  const rig = open();
  const count = 100_000;
  const started = performance.now();
  rig.feed('data:a\n\n'.repeat(count));
  const took = performance.now() - started;
  t.equal(rig.log.tipSeq, count + 1);
  // A look back from each event to the chunk's beginning would be 5 × 10⁹ steps.
  t.ok(took < 4_000, `${took} ms`);
});

t.test('minted ids are read back as the place they were minted at', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.stringMatching(/^[ -~é€]{0,20}$/), { nil: undefined }), { maxLength: 30 }),
      (ids) => {
        const rig = open();
        rig.feed(ids.map((id) => `${id === undefined ? '' : `id: ${id}\n`}data: x\n\n`).join(''));
        let cursor: string | undefined;
        const lines = [...rig.text.matchAll(/^id: (.*)$/gm)].map((match) => match[1]!);
        for (const [i, id] of ids.entries()) {
          if (id !== undefined) cursor = id === '' ? undefined : id;
          if (id) {
            if (lines[i] !== id) throw new Error(`${lines[i]} for ${id}`);
            continue;
          }
          const minted = parseMinted(Buffer.from(lines[i]!));
          if (minted?.seq !== i + 1 || minted.epoch !== EPOCH)
            throw new Error(`${lines[i]} is another place`);
          if ((minted.cursor && String(minted.cursor)) !== cursor)
            throw new Error(`${lines[i]} does not follow ${cursor}`);
        }
        return rig.cursor === cursor;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('invalid UTF-8 is repaired event by event; its neighbours stay as they are', async (t) => {
  const rig = open();
  rig.feed(
    Buffer.concat([
      Buffer.from('id: 1\ndata: é\n\nid: 2\ndata: x'),
      Buffer.from([0xc3, 0x0a, 0x0a]),
      Buffer.from('id: 3\nevent: e'),
      Buffer.from([0xff]),
      Buffer.from('\ndata: ok\n\ndata: tail\n\n'),
    ]),
  );
  t.equal(
    rig.text,
    'id: 1\ndata: é\n\nid: 2\ndata: x\ufffd\n\nid: 3\nevent: e\ufffd\ndata: ok\n\nid: 4-z;3\ndata: tail\n\n',
  );
  t.equal(rig.metrics.eventsRepaired, 2);
  t.equal(rig.cursor, '3');
  t.equal(rig.ingest.events, 4);
});

t.test('a repaired id is the cursor and the id in the index', async (t) => {
  const rig = open();
  rig.feed(Buffer.from([...Buffer.from('id: a'), 0x80, ...Buffer.from('\ndata: x\n\n')]));
  t.equal(rig.cursor, 'a\ufffd');
  t.equal(rig.log.indexOf(Buffer.from('a\ufffd')), 1);
});

t.test('a repair that triples an event of the largest size is no event too large', async (t) => {
  const rig = open({ maxEventBytes: 1_024 });
  t.equal(
    rig.feed(Buffer.concat([Buffer.from('data: '), Buffer.alloc(1_000, 0xff), Buffer.from('\n\n')])),
    undefined,
  );
  t.equal(rig.text, `id: 1-z\ndata: ${'\ufffd'.repeat(1_000)}\n\n`);
});

t.test('any bytes become well-formed events: valid UTF-8, no CR, no NUL in an id or a type', async (t) => {
  const bit = fc.oneof(
    fc
      .constantFrom(
        'id: ',
        'event: ',
        'data: ',
        'data',
        'retry: 5',
        ': c',
        '\n',
        '\r',
        '\r\n',
        '\n\n',
        '\0',
        'é',
        '\ufeff',
      )
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      fc.array(fc.array(bit, { maxLength: 40 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('auto' as const, 'upstream' as const, 'gateway' as const),
      (chunks, ids) => {
        const rig = open({ ids });
        for (const bits of chunks) rig.ingest.write(Buffer.concat(bits));
        for (let seq = 1; seq < rig.log.tipSeq; seq += 1) {
          const frame = rig.log.frameOf(seq)!;
          const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(frame);
          if (!/^(id: [^\r\n\0]*\n)?(event: [^\r\n\0]+\n)?(data: [^\r\n]*\n)+\n$/.test(text))
            throw new Error(JSON.stringify(text));
        }
        rig.log.close();
        return rig.pool.stats.inUseBytes === 0;
      },
    ),
    { numRuns: 1_000 },
  );
  t.pass();
});

t.test('retry is kept across connections, and not forwarded', async (t) => {
  const rig = open();
  rig.feed('retry: 1234\n\ndata: a\n\n');
  rig.ingest.end();
  rig.ingest.begin(false);
  t.equal(rig.ingest.retryMs, 1_234);
  rig.feed('retry: 0\n\n');
  t.equal(rig.ingest.retryMs, 0);
  t.notMatch(rig.text, 'retry');
});

t.test('a connection elsewhere begins afresh: a gap, no cursor, no repeats, no retry', async (t) => {
  const rig = open({ replay: true, ids: 'gateway' });
  rig.feed('retry: 1234\n\nid: 1\ndata: a\n\n');
  rig.ingest.end();
  rig.ingest.begin(false, true);
  t.equal(rig.ingest.retryMs, undefined);
  t.equal(rig.ingest.cursor, undefined);
  rig.feed('id: 1\ndata: a\n\n');
  t.equal(rig.text.match(/^data: a$/gm)?.length, 2, 'an equal event is another event');
  t.match(rig.text, /gateway\.gap\ndata: .*"repeats":true,"reason":"upstream"/);
  t.equal(rig.metrics.eventsRepeated, 0);
});

t.test('an unfinished event does not cross a connection, and its id is no cursor', async (t) => {
  const rig = open({ replay: true });
  rig.feed('id: 1\ndata: a\n\nid: 2\ndata: b\n');
  rig.ingest.end();
  rig.ingest.end();
  t.equal(rig.cursor, '1');
  rig.ingest.begin(true);
  t.equal(rig.ingest.events, 0);
  rig.feed('\n\ufeffdata: no\n\n');
  rig.feed('\ndata: c\n\n');
  t.equal(rig.text, 'id: 1\ndata: a\n\nid: 2-z;1\ndata: c\n\n');
});

t.test('a byte order mark is skipped at the head of each connection', async (t) => {
  const rig = open({ replay: true });
  rig.feed('\ufeffdata: a\n\n');
  rig.ingest.begin(true);
  rig.feed('\ufeffdata: b\n\n');
  t.match(rig.text, /data: a\n\n.*data: b\n\n$/s);
});

t.test('an event above the limit is a code; the complete ones before it are committed', async (t) => {
  const rig = open({ maxEventBytes: 1_024 });
  t.equal(rig.feed(`data: a\n\ndata: ${'x'.repeat(2_000)}`), 'event-too-large');
  t.equal(rig.text, 'id: 1-z\ndata: a\n\n');
  t.equal(rig.feed('data: b\n\n'), 'event-too-large');
  rig.ingest.end();
  rig.ingest.begin(false);
  t.equal(rig.feed('data: c\n\n'), undefined);
});

t.test(
  'the first connection begins without a gap; a later one with one, unless resumption is declared',
  async (t) => {
    for (const replay of ['unknown', true, false] as const) {
      for (const resumed of [true, false]) {
        const rig = open({ replay });
        t.equal(rig.log.tipSeq, 1, 'nothing before the first event');
        rig.feed('id: 5\ndata: a\n\n');
        rig.ingest.end();
        rig.ingest.begin(resumed);
        rig.feed('id: 6\ndata: b\n\n');
        const gap = !(replay === true && resumed);
        t.equal(rig.log.tagOf(2), gap ? TAG.GAP : TAG.EVENT, `replay ${replay}, resumed ${resumed}`);
        t.equal(rig.metrics.gaps.get('upstream'), gap ? 1 : 0);
      }
    }
  },
);

t.test(
  'the gap in the log names the last id before it, and has one itself only in mode gateway',
  async (t) => {
    const gapOf = (ids: 'auto' | 'upstream' | 'gateway', event: string): string => {
      const rig = open({ ids });
      rig.feed(event);
      rig.ingest.begin(true);
      return String(rig.log.frameOf(rig.log.tipSeq - 1));
    };
    const gap = (from: string, resume: string): string =>
      `event: gateway.gap\ndata: {"from":${from},"resume":${resume},"lost":null,"repeats":true,"reason":"upstream"}\n\n`;
    t.equal(gapOf('auto', 'id: 5\ndata: a\n\n'), gap('"5"', '"5"'));
    t.equal(gapOf('auto', 'data: a\n\n'), gap('"1-z"', '"1-z"'));
    t.equal(gapOf('upstream', 'id: 5\ndata: a\n\n'), gap('"5"', '"5"'));
    t.equal(gapOf('upstream', 'data: a\n\n'), gap('null', 'null'));
    t.equal(gapOf('gateway', 'id: 5\ndata: a\n\n'), `id: 2-z\n${gap('"1-z"', '"2-z"')}`);
    t.equal(gapOf('auto', ''), gap('null', 'null'));
  },
);

t.test('onGap silent counts the break and tells nobody', async (t) => {
  const rig = open({ onGap: 'silent' });
  rig.feed('data: a\n\n');
  rig.ingest.begin(false);
  rig.feed('data: b\n\n');
  t.notMatch(rig.text, 'gateway.gap');
  t.equal(rig.metrics.gaps.get('upstream'), 1);
});

t.test(
  'after a rest the cursor is of use while the log holds its very event, not only later ones',
  async (t) => {
    const rig = open({ retainEvents: 2 });
    rig.feed('id: 5\ndata: a\n\ndata: b\n\n');
    rig.ingest.reopen();
    t.equal(rig.cursor, '5');
    rig.feed('data: c\n\n');
    t.equal(rig.log.floorSeq, 2);
    rig.ingest.reopen();
    t.equal(rig.cursor, undefined, 'b, which follows 5, is still there, but 5 is not');
  },
);

t.test('without events a rest keeps no cursor', async (t) => {
  const rig = open();
  rig.feed('id: 5\n\n');
  t.equal(rig.cursor, '5');
  rig.ingest.reopen();
  t.equal(rig.cursor, undefined);
});

t.test('publish: own ids, minted ones that follow the upstream cursor, none in mode upstream', async (t) => {
  const published = (ids: 'auto' | 'upstream' | 'gateway', id?: string): string => {
    const rig = open({ ids });
    rig.feed('id: 5\ndata: a\n\n');
    rig.ingest.publish(id === undefined ? { data: 'x\ny', event: 'e' } : { id, data: 'x\ny', event: 'e' });
    t.same(rig.commits, [1, 1]);
    if (id === 'own') t.equal(rig.log.indexOf(Buffer.from('own')), ids === 'gateway' ? -1 : 2);
    return String(rig.log.frameOf(2));
  };
  const body = 'event: e\ndata: x\ndata: y\n\n';
  t.equal(published('auto', 'own'), `id: own\n${body}`);
  t.equal(published('auto'), `id: 2-z;5\n${body}`);
  t.equal(published('auto', ''), `id: 2-z;5\n${body}`);
  t.equal(published('upstream', 'own'), `id: own\n${body}`);
  t.equal(published('upstream'), body);
  t.equal(published('gateway', 'own'), `id: 2-z\n${body}`);
});

t.test('publish does not touch the upstream cursor, nor its count of events', async (t) => {
  const rig = open();
  rig.feed('id: 5\ndata: a\n\n');
  rig.ingest.publish({ id: 'own', data: 'x' });
  t.equal(rig.cursor, '5');
  t.equal(rig.ingest.events, 1);
});

t.test('an event that cannot be framed is refused with a code, and nothing is committed', async (t) => {
  const rig = open();
  for (const event of [
    { id: 'a\nb', data: '' },
    { id: '\0', data: '' },
    { event: 'a\rb', data: '' },
  ]) {
    t.throws(() => rig.ingest.publish(event), { code: 'SSE_GATEWAY_EVENT_INVALID' });
  }
  t.equal(rig.log.tipSeq, 1);
  rig.ingest.publish({ data: '' });
  t.equal(rig.text, 'id: 1-z\ndata: \n\n');
});

t.test(
  'one batch is with the engine at a time; what arrives meanwhile is the next, in order and with the right seqs',
  async (t) => {
    const waiting: { batch: Batch; committed: () => void }[] = [];
    let log: EventLog | undefined;
    const rig = open({
      engine: (its) => {
        log = its;
        return { append: (batch, committed) => void waiting.push({ batch, committed }) };
      },
    });
    const commit = (): void => {
      const { batch, committed } = waiting.shift()!;
      log!.append(batch, 0);
      committed();
    };
    rig.feed('data: a\n\n');
    rig.feed('id: 5\ndata: b\n\n');
    rig.ingest.publish({ data: 'c' });
    t.equal(waiting.length, 1);
    t.equal(rig.log.tipSeq, 1, 'nothing is in the log before it is committed');
    commit();
    t.equal(waiting.length, 1);
    rig.feed('data: d\n\n');
    commit();
    commit();
    t.equal(waiting.length, 0);
    t.same(rig.commits, [1, 2, 1]);
    t.equal(rig.text, 'id: 1-z\ndata: a\n\nid: 5\ndata: b\n\nid: 3-z;5\ndata: c\n\nid: 4-z;5\ndata: d\n\n');
    rig.log.close();
    t.equal(rig.pool.stats.inUseBytes, 0);
  },
);

t.test('events of one chunk are one batch, a quiet channel holds no batch memory', async (t) => {
  const rig = open();
  rig.feed('data: a\n\n'.repeat(50));
  t.same(rig.commits, [50]);
  t.equal(rig.pool.stats.inUseBytes, rig.log.heldBytes);
});

const IDS = ['auto', 'upstream', 'gateway'] as const;

/** Numbered events as an upstream sends them. */
const numbered = (...numbers: number[]): string => numbers.map((n) => `id: ${n}\ndata: ${n}\n\n`).join('');
/** The data of what is in the log; a gap is `gap`. */
const dataOf = (text: string): string[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (data!.startsWith('{') ? 'gap' : data!));

t.test(
  'what leads a reconnection and came before is dropped and counted, in every mode of ids',
  async (t) => {
    for (const ids of IDS) {
      const rig = open({ ids, replay: true });
      rig.feed(numbered(1, 2, 3));
      rig.ingest.end();
      rig.ingest.begin(true);
      rig.feed(numbered(2));
      rig.feed(numbered(3, 4, 2));
      t.same(dataOf(rig.text), ['1', '2', '3', '4', '2'], `${ids}: mid-stream an id may repeat`);
      t.equal(rig.metrics.eventsRepeated, 2);
      t.equal(rig.ingest.events, 4, 'they were completed all the same');
      t.equal(rig.cursor, '2');
    }
  },
);

t.test('an event with a known id and other content is new, and so is all behind it', async (t) => {
  for (const ids of IDS) {
    const rig = open({ ids, replay: true });
    rig.feed(numbered(1, 2));
    rig.ingest.begin(true);
    rig.feed('id: 1\ndata: other\n\nid: 2\ndata: 2\n\n');
    t.same(dataOf(rig.text), ['1', '2', 'other', '2'], ids);
    t.equal(rig.metrics.eventsRepeated, 0);
  }
});

t.test(
  'repeats leave the cursor where it is: a connection that brings nothing else loses nothing',
  async (t) => {
    const rig = open({ replay: true });
    rig.feed(numbered(1, 2, 3));
    rig.ingest.begin(true);
    rig.feed(numbered(1, 2));
    t.equal(rig.cursor, '3');
    rig.ingest.end();
    rig.ingest.begin(true);
    rig.feed(numbered(4));
    t.same(dataOf(rig.text), ['1', '2', '3', '4']);
  },
);

t.test('an id alone moves no cursor back while what came before is repeated', async (t) => {
  const rig = open({ replay: true });
  rig.feed(numbered(1, 2, 3));
  rig.ingest.begin(true);
  rig.feed('id: 1\n\nid: 2\n\n');
  t.equal(rig.cursor, '3');
  rig.feed(`${numbered(4)}id: 5\n\n`);
  t.equal(rig.cursor, '5', 'in mid-stream it does');
});

t.test('a first connection drops nothing, also after a rest with nothing left in the log', async (t) => {
  const rig = open({ replay: true });
  rig.feed(numbered(1, 1));
  rig.log.close();
  t.equal(rig.log.floorSeq, rig.log.tipSeq);
  rig.ingest.reopen();
  t.equal(rig.cursor, undefined);
  rig.ingest.begin(false);
  t.equal(rig.metrics.eventsRepeated, 0);
  const { commits } = rig;
  t.same(commits, [2], 'no gap either');
});

t.test('an invalid event is recognised after its repair', async (t) => {
  const rig = open({ replay: true });
  const broken = Buffer.from([...Buffer.from('id: 1\ndata: x'), 0xff, 0x0a, 0x0a]);
  rig.feed(broken);
  rig.ingest.begin(true);
  rig.feed(broken);
  rig.feed(numbered(2));
  t.equal(rig.log.tipSeq, 3);
  t.equal(rig.metrics.eventsRepeated, 1);
});

t.test(
  'events without an id behind the cursor are a break, as nothing tells whether they come again',
  async (t) => {
    for (const ids of IDS) {
      for (const [events, broken] of [
        [numbered(1, 2), false],
        [`${numbered(1)}data: u\n\n`, true],
        [`data: u\n\n${numbered(1)}`, false],
        ['id: 1\ndata: 1\n\nid\ndata: u\n\n', true],
      ] as const) {
        const rig = open({ ids, replay: true });
        rig.feed(events);
        rig.ingest.begin(true);
        rig.feed(numbered(7));
        t.equal(dataOf(rig.text).includes('gap'), broken, `${ids} ${JSON.stringify(events)}`);
      }
    }
  },
);

t.test('proven: the gap stands before the first new event, or nowhere', async (t) => {
  for (const ids of IDS) {
    const cases: [name: string, again: string, then: string[]][] = [
      ['the proof', numbered(3, 4), ['4']],
      ['too much', numbered(1, 2, 3, 4), ['4']],
      ['another order', numbered(3, 1, 2, 4), ['4']],
      ['too little', numbered(5), ['gap', '5']],
      ['old, but not the last', numbered(1, 2, 4), ['gap', '4']],
      ['restarted ids', 'id: 1\ndata: new\n\n', ['gap', 'new']],
      ['an event without an id first', `data: u\n\n${numbered(3)}`, ['gap', 'u', '3']],
      ['nothing', '', []],
    ];
    for (const [name, again, then] of cases) {
      for (const cut of [1, 7, 10_000]) {
        const rig = open({ ids, replay: 'proven' });
        rig.feed(numbered(1, 2, 3));
        t.equal(rig.cursor, '2', 'asked with');
        rig.ingest.begin(true);
        for (let at = 0; at < again.length; at += cut) rig.feed(again.slice(at, at + cut));
        t.same(dataOf(rig.text).slice(3), then, `${ids}, ${name}, chunks of ${cut}`);
        t.equal(rig.metrics.gaps.get('upstream'), then.includes('gap') ? 1 : 0);
      }
    }
  }
});

t.test('proven: the id before the last is right wherever chunks are cut', async (t) => {
  const stream = numbered(1, 2, 3);
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const rig = open({ replay: 'proven' });
    rig.feed(stream.slice(0, cut));
    rig.feed(stream.slice(cut));
    t.equal(rig.cursor, '2', `cut at ${cut}`);
  }
});

t.test(
  'until: the event that is not wanted and all behind it are left, and no memory is kept for them',
  async (t) => {
    for (const ids of ['auto', 'upstream'] as const) {
      const looked: string[] = [];
      const rig = open({
        ids,
        until: (id, frame) => {
          looked.push(`${Buffer.from(id)} ${Buffer.from(frame)}`);
          return String(Buffer.from(id)) === '3';
        },
      });
      rig.feed(`data: u\n\n${numbered(1)}`);
      rig.feed(`${numbered(2, 3, 4)}data: u\n\n`);
      rig.feed(numbered(5));
      t.same(dataOf(rig.text), ['u', '1', '2'], ids);
      t.same(
        looked,
        [1, 2, 3].map((n) => `${n} id: ${n}\ndata: ${n}\n\n`),
      );
      t.equal(rig.cursor, '2', 'the last id that was taken');
      rig.log.close();
      t.equal(rig.pool.stats.inUseBytes, 0);
    }
    const rig = open({ until: () => true });
    rig.feed(numbered(1));
    t.same(rig.commits, []);
    t.equal(rig.cursor, undefined);
    rig.log.close();
    t.equal(rig.pool.stats.inUseBytes, 0, 'also when nothing was taken at all');
  },
);

t.test('a cursor that is a client’s word is one until the upstream has spoken', async (t) => {
  const rig = make({ replay: true });
  rig.ingest.continuity.beginBehind(Buffer.from('40'));
  t.ok(rig.ingest.cursorIsClients);
  t.equal(rig.cursor, '40');
  rig.ingest.begin(true);
  t.ok(rig.ingest.cursorIsClients);
  rig.feed(numbered(41));
  t.notOk(rig.ingest.cursorIsClients);
  t.equal(rig.cursor, '41');
  const refused = make({ replay: true });
  refused.ingest.continuity.beginBehind(Buffer.from('40'));
  refused.ingest.forgetClientsCursor();
  t.equal(refused.cursor, undefined);
});
