import t from 'tap';
import { ForwardedDigest, forwardedHeaders } from '../src/forwarding.js';
import { Gateway } from '../src/gateway.js';

const NAMES = ['authorization', 'cookie'];

t.test('only the headers that are named are taken, own ones, in the order of the names', async (t) => {
  const headers = Object.assign(Object.create({ cookie: 'inherited' }), {
    host: 'h',
    authorization: 'Bearer a',
  });
  t.same({ ...forwardedHeaders(NAMES, headers) }, { authorization: 'Bearer a' });
  t.same({ ...forwardedHeaders(NAMES, { cookie: ['a=1', 'b=2'] }) }, { cookie: 'a=1, b=2' });
  t.same({ ...forwardedHeaders(['constructor'], {}) }, {});
});

t.test('different values have different digests, equal ones the same, none has none', async (t) => {
  const digest = new ForwardedDigest();
  const of = (headers: Record<string, string>) => digest.of(forwardedHeaders(NAMES, headers));
  const sets: Record<string, string>[] = [
    { authorization: 'a' },
    { cookie: 'a' },
    { authorization: 'a', cookie: '' },
    { authorization: '', cookie: 'a' },
    { authorization: '' },
    { authorization: 'a","cookie":"b' },
    { authorization: 'a', cookie: 'b' },
  ];
  t.equal(new Set(sets.map(of)).size, sets.length);
  t.equal(of({}), '');
  for (const set of sets) {
    t.equal(of(set), of({ ...set, 'x-other': '1' }));
    t.match(of(set), /^#[\w-]{22}$/);
  }
});

t.test('a digest is of no use to somebody who guesses values: another process makes another', async (t) => {
  const forwarded = forwardedHeaders(NAMES, { cookie: 'session=1' });
  t.not(new ForwardedDigest().of(forwarded), new ForwardedDigest().of(forwarded));
});

t.test(
  'clients whose forwarded headers differ have channels of their own, the others share one',
  async (t) => {
    const gateway = new Gateway({
      channels: {
        mine: { url: 'http://a/', forwardHeaders: ['authorization'] },
        'rooms/:room': { url: 'http://a/:room', forwardHeaders: ['authorization'] },
        all: { url: 'http://a/' },
      },
    });
    t.teardown(() => gateway.close());
    const [amy, ben] = [{ authorization: 'amy' }, { authorization: 'ben' }];
    t.not(gateway.channel('mine', {}, amy), gateway.channel('mine', {}, ben));
    t.not(gateway.channel('mine', {}, amy), gateway.channel('mine'));
    t.equal(gateway.channel('mine', {}, amy), gateway.channel('mine', {}, { ...amy, cookie: 'x' }));
    t.equal(gateway.channel('all', {}, amy), gateway.channel('all', {}, ben));
    t.not(
      gateway.channel('rooms/:room', { room: 'a' }, amy),
      gateway.channel('rooms/:room', { room: 'a' }, ben),
    );
    t.equal(gateway.find('mine', {}, { authorization: 'carl' }), undefined);
    const keys = Object.keys(gateway.stats().channels);
    t.equal(keys.filter((key) => /^mine(?:#[\w-]{22})?$/.test(key)).length, 3);
    t.notMatch(JSON.stringify(gateway.stats()), /amy|ben/);
  },
);

t.test('their number is bounded by maxChannels, and no event can be published to all of them', async (t) => {
  const gateway = new Gateway({
    channels: { mine: { url: 'http://a/', forwardHeaders: ['authorization'], maxChannels: 2 } },
  });
  t.teardown(() => gateway.close());
  const open = (authorization: string) => gateway.channel('mine', {}, { authorization });
  const leave = open('amy').claim();
  open('ben').claim();
  t.throws(() => open('carl'), { code: 'SSE_GATEWAY_CHANNEL_LIMIT' });
  leave();
  t.ok(open('carl'), 'one that nobody reads makes room');
  t.throws(() => gateway.publish('mine', { data: 'x' }), { code: 'SSE_GATEWAY_CHANNEL_UNKNOWN' });
});
