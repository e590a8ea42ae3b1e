import fc from 'fast-check';
import t from 'tap';
import { Admission, type Limits } from '../src/admission.js';
import { ManualClock } from './helpers/manual-clock.js';

function make(limits: Partial<Limits> = {}) {
  const clock = new ManualClock();
  const unlimited = { maxConnections: Infinity, maxConnectionsPerIp: Infinity, acceptsPerSecond: Infinity };
  return { clock, admission: new Admission({ ...unlimited, ...limits }, clock) };
}

/** Lets one in that must get in. */
function enter(admission: Admission, ip = 'a'): () => void {
  const leave = admission.admit({ ip });
  if (typeof leave === 'string') throw new Error(leave);
  return leave;
}

t.test('without limits everybody gets in', async (t) => {
  const { admission } = make();
  for (let i = 0; i < 10_000; i += 1) enter(admission);
  t.type(admission.admit({ ip: 'a' }), 'function');
});

t.test('the one above the limit is refused, and may come in when another has left', async (t) => {
  const { admission } = make({ maxConnections: 2 });
  const first = enter(admission, 'a');
  enter(admission, 'b');
  t.equal(admission.admit({ ip: 'c' }), 'connection-limit');
  first();
  enter(admission, 'c');
  t.equal(admission.admit({ ip: 'a' }), 'connection-limit');
});

t.test('an address has its own limit, and no part in those of others', async (t) => {
  const { admission } = make({ maxConnectionsPerIp: 1 });
  const leave = enter(admission, 'a');
  t.equal(admission.admit({ ip: 'a' }), 'ip-limit');
  enter(admission, 'b');
  leave();
  enter(admission, 'a');
  t.equal(admission.admit({ ip: 'b' }), 'ip-limit');
});

t.test('one who leaves twice gives one place back', async (t) => {
  const { admission } = make({ maxConnections: 2, maxConnectionsPerIp: 2 });
  const leave = enter(admission);
  enter(admission);
  leave();
  leave();
  enter(admission);
  t.equal(admission.admit({ ip: 'a' }), 'connection-limit');
});

t.test('so many may begin at once as per second, and then one each time its share has passed', async (t) => {
  const { admission, clock } = make({ acceptsPerSecond: 4 });
  for (let i = 0; i < 4; i += 1) enter(admission)();
  t.equal(admission.admit({ ip: 'a' }), 'accept-rate');
  clock.advance(249);
  t.equal(admission.admit({ ip: 'a' }), 'accept-rate', 'a look does not start the wait anew');
  clock.advance(1);
  enter(admission);
  t.equal(admission.admit({ ip: 'a' }), 'accept-rate');
  clock.advance(3_600_000);
  for (let i = 0; i < 4; i += 1) enter(admission);
  t.equal(
    admission.admit({ ip: 'a' }),
    'accept-rate',
    'a long quiet time saves no more than a second of them',
  );
});

t.test('who is refused for another reason takes nothing of the rate, nor a place', async (t) => {
  const { admission } = make({ maxConnectionsPerIp: 1, acceptsPerSecond: 2 });
  enter(admission, 'a');
  for (let i = 0; i < 10; i += 1) t.equal(admission.admit({ ip: 'a' }), 'ip-limit');
  enter(admission, 'b');
  t.equal(admission.admit({ ip: 'c' }), 'accept-rate');
  const full = make({ maxConnections: 1, acceptsPerSecond: 1 });
  const leave = enter(full.admission);
  leave();
  for (let i = 0; i < 3; i += 1) t.equal(full.admission.admit({ ip: 'a' }), 'accept-rate');
  full.clock.advance(1_000);
  enter(full.admission);
});

t.test('whoever comes and goes, the limits hold and nobody is refused below them', async (t) => {
  const action = fc.record({ come: fc.boolean(), ip: fc.constantFrom('a', 'b', 'c'), who: fc.nat(20) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(action),
      (all, per, actions) => {
        const { admission } = make({ maxConnections: all, maxConnectionsPerIp: per });
        const inside: { ip: string; leave: () => void }[] = [];
        for (const { come, ip, who } of actions) {
          if (!come) {
            inside.splice(who % Math.max(inside.length, 1), 1)[0]?.leave();
            continue;
          }
          const same = inside.filter((one) => one.ip === ip).length;
          const due = inside.length >= all ? 'connection-limit' : same >= per ? 'ip-limit' : 'in';
          const leave = admission.admit({ ip });
          if ((typeof leave === 'string' ? leave : 'in') !== due)
            throw new Error(`${String(leave)}, not ${due}`);
          if (typeof leave !== 'string') inside.push({ ip, leave });
        }
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

t.test("without a limit per address nobody's address is looked at", async (t) => {
  const { admission } = make({ maxConnections: 1 });
  const client = {
    get ip(): string {
      throw new Error('looked at');
    },
  };
  const leave = admission.admit(client);
  t.type(leave, 'function');
  t.equal(admission.admit(client), 'connection-limit');
  (leave as () => void)();
  t.type(admission.admit(client), 'function');
});
