import t from 'tap';
import { killSchedule } from './kill-schedule.js';

t.test('a schedule repeats for its seed, and at least a third of it is inside an event', async (t) => {
  for (let seed = 0; seed < 200; seed += 1) {
    const kills = killSchedule(seed, 10, { minBytes: 100, maxBytes: 200 });
    const inside = kills.filter((kill) => kill.where === 'inside').length;
    if (kills.length !== 10 || inside < 4) t.fail(`seed ${seed}: ${inside} inside`);
    if (kills.some(({ after }) => after < 100 || after > 200)) t.fail(`seed ${seed}: out of range`);
  }
  t.same(killSchedule(3, 50), killSchedule(3, 50));
  t.notSame(killSchedule(3, 50), killSchedule(4, 50));
});

t.test('every place and every way comes up', async (t) => {
  const kills = killSchedule(1, 100);
  for (const where of ['offset', 'inside', 'boundary'])
    t.ok(
      kills.some((kill) => kill.where === where),
      where,
    );
  for (const how of ['fin', 'rst'])
    t.ok(
      kills.some((kill) => kill.how === how),
      how,
    );
  t.not(
    kills.slice(0, 34).every((kill) => kill.where === 'inside'),
    true,
    'and not in one block',
  );
});
