import t from 'tap';
import { opening, openingOfWaiting } from '../src/opening.js';
import type { Located } from '../src/resume.js';
import { append, makeLog } from './log/fixture.js';

const { log } = makeLog({ epoch: 35, retainEvents: 2 });
append(log, ['1']);
append(log, ['2']);
append(log, ['3']);
const gap = { outcome: 'gap', seq: 2, reason: 'trimmed', lost: 1, repeats: false } as const;
const asked = Buffer.from('5');

t.test('a stream without a hole begins with the preamble alone', async (t) => {
  for (const outcome of ['fresh', 'exact'] as const) {
    const bytes = opening(log, { ids: 'auto', onGap: 'signal' }, { outcome, seq: 4 }, asked, 1_500);
    t.equal(String(bytes), ':\nretry: 1500\n\n');
  }
});

t.test(
  'a gap follows the preamble: from what was asked, to the event before the first that comes',
  async (t) => {
    t.equal(
      String(opening(log, { ids: 'auto', onGap: 'signal' }, gap, asked, 1_500)),
      ':\nretry: 1500\n\nevent: gateway.gap\ndata: {"from":"5","resume":"1-z","lost":1,"repeats":false,"reason":"trimmed"}\n\n',
    );
  },
);

t.test(
  'in mode gateway the gap has an id, so that a client that leaves at once resumes behind it',
  async (t) => {
    t.match(
      String(opening(log, { ids: 'gateway', onGap: 'signal' }, gap, asked, 1)),
      '\n\nid: 1-z\nevent: gateway.gap\n',
    );
  },
);

t.test('where nobody knows how many are lost, some may come again', async (t) => {
  const unknown: Located = { outcome: 'gap', seq: 2, reason: 'unknown-id', lost: null, repeats: true };
  t.match(
    String(opening(log, { ids: 'auto', onGap: 'signal' }, unknown, asked, 1)),
    '"lost":null,"repeats":true',
  );
});

t.test('silent tells of no gap', async (t) => {
  t.equal(String(opening(log, { ids: 'auto', onGap: 'silent' }, gap, asked, 1)), ':\nretry: 1\n\n');
});

t.test(
  'one whose place is not known yet is told at once what may repeat, unless told nothing by choice',
  async (t) => {
    const repeated = { from: '9-zz;5', resume: '5', lost: 0, repeats: true, reason: 'epoch' } as const;
    t.equal(String(openingOfWaiting('signal', undefined, 1_500)), ':\nretry: 1500\n\n');
    t.equal(String(openingOfWaiting('silent', repeated, 1_500)), ':\nretry: 1500\n\n');
    t.equal(
      String(openingOfWaiting('signal', repeated, 1_500)),
      ':\nretry: 1500\n\nevent: gateway.gap\ndata: {"from":"9-zz;5","resume":"5","lost":0,"repeats":true,"reason":"epoch"}\n\n',
    );
  },
);
