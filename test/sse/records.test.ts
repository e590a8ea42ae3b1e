import t from 'tap';
import { EventRecords, FORM } from '../../src/sse/records.js';

t.test('records grow with their content and lose none of it', async (t) => {
  const records = new EventRecords();
  const small = records.byteLength;
  for (let i = 0; i < 1_000; i++) {
    const first = records.lineTotal;
    for (let k = 0; k < i % 5; k++) records.addLine(i + k, i + k + 1);
    records.add(i, i + 7, i + 1, i + 2, i + 3, i + 4, first, i % 2 === 0 ? FORM.DATA : FORM.LOOSE);
  }
  t.equal(records.count, 1_000);
  t.ok(records.byteLength > small);
  for (let i = 0; i < 1_000; i++) {
    const values = [
      records.start(i),
      records.end(i),
      records.idStart(i),
      records.idEnd(i),
      records.typeStart(i),
    ];
    if (values.join() !== [i, i + 7, i + 1, i + 2, i + 3].join()) t.fail(`event ${i}: ${values}`);
    if (records.typeEnd(i) !== i + 4 || records.lineCount(i) !== i % 5) t.fail(`event ${i}`);
    if (records.verbatim(i) !== (i % 2 === 0)) t.fail(`event ${i}`);
    for (let k = 0; k < i % 5; k++) {
      const line = records.firstLine(i) + k;
      if (records.lineStart(line) !== i + k || records.lineEnd(line) !== i + k + 1)
        t.fail(`event ${i}, line ${k}`);
    }
  }
});

t.test('cleared records are empty and keep their arrays', async (t) => {
  const records = new EventRecords();
  for (let k = 0; k < 100; k++) records.addLine(k, k);
  const { byteLength } = records;
  records.add(0, 1, -1, -1, -1, -1, 0, FORM.DATA);
  records.clear();
  t.strictSame([records.count, records.lineTotal, records.byteLength], [0, 0, byteLength]);
});
