import { Buffer } from 'node:buffer';
import t from 'tap';
import { EventRecords } from '../../src/sse/records.js';
import { scan } from '../../src/sse/scan.js';
import { ScanState } from '../../src/sse/state.js';

function scanned(stream: string, single: boolean): { used: number; state: ScanState; records: EventRecords } {
  const state = new ScanState(1_000);
  const records = new EventRecords();
  return { used: scan(state, Buffer.from(stream), 0, records, single), state, records };
}

t.test('a single scan stops behind the first event, another one at the end of the bytes', async (t) => {
  const stream = 'data: a\n\ndata: b\n\n';
  const one = scanned(stream, true);
  t.equal(one.used, 9);
  t.equal(one.records.count, 1);
  const all = scanned(stream, false);
  t.equal(all.used, stream.length);
  t.equal(all.records.count, 2);
});

t.test('what must be seen again is the open block, a line that may become a field, or nothing', async (t) => {
  const kept = (stream: string) => stream.slice(scanned(stream, false).state.keep);
  t.equal(kept('data: a\n\nid: 1\n: hb\nda'), 'id: 1\n: hb\nda');
  for (const start of ['d', 'data', 'data:', 'data: x', 'e', 'i', 'id', 'retry: 5'])
    t.equal(kept(`\n${start}`), start);
  for (const start of [':', ': hb', 'x', 'datax', 'dada', 'idd', ' ', 'retry5'])
    t.equal(kept(`\n${start}`), '', start);
  t.equal(kept('data: a\n\n'), '');
  t.equal(kept('event: a\n\n'), '');
});

t.test('a record says where each part of the block stands', async (t) => {
  const stream = ': hb\nid: 12\nevent:e\ndata: a\ndata:bc\n\n';
  const { records } = scanned(stream, false);
  const part = (from: number, to: number) => stream.slice(from, to);
  t.equal(part(records.start(0), records.end(0)), stream.slice(5));
  t.equal(part(records.idStart(0), records.idEnd(0)), '12');
  t.equal(part(records.typeStart(0), records.typeEnd(0)), 'e');
  t.equal(records.lineCount(0), 2);
  const k = records.firstLine(0);
  t.equal(part(records.lineStart(k), records.lineEnd(k)), 'a');
  t.equal(part(records.lineStart(k + 1), records.lineEnd(k + 1)), 'bc');
});

t.test('a block without an id or a type says so, and an empty id is one', async (t) => {
  const { records } = scanned('data: a\n\nid\n\nid: 1\0\ndata\n\n', false);
  t.equal(records.count, 3);
  t.strictSame([records.hasId(0), records.hasId(1), records.hasId(2)], [false, true, false]);
  t.equal(records.idStart(1), records.idEnd(1));
  t.strictSame([records.idStart(0), records.typeStart(0), records.lineCount(1)], [-1, -1, 0]);
});

t.test('a block of CR LF ends with its CR, also when the LF is there', async (t) => {
  const { records } = scanned('data: a\r\n\r\ndata: b\r\n\r\n', false);
  t.equal(records.end(0), 10);
  t.equal(records.start(1), 11);
});
