import fc from 'fast-check';
import t from 'tap';
import { compileTemplate, fillName, fillUrl, isParameter } from '../src/template.js';

t.test('a path matches segment by segment, and yields the parameters', async (t) => {
  const { match, parameters, name } = compileTemplate('rooms/:room/of/:house');
  t.equal(name, 'rooms/:room/of/:house');
  t.same(parameters, ['room', 'house']);
  t.same({ ...match('rooms/a b/of/é') }, { room: 'a b', house: 'é' });
  for (const other of [
    'rooms/a',
    'rooms/a/of',
    'rooms/a/of/b/c',
    'Rooms/a/of/b',
    '/rooms/a/of/b',
    'rooms//of/b',
    '',
  ]) {
    t.equal(match(other), undefined, other);
  }
});

t.test('a name without parameters matches itself only', async (t) => {
  const { match } = compileTemplate('prices');
  t.same({ ...match('prices') }, {});
  t.equal(match(':prices'), undefined);
  t.equal(match('prices/'), undefined);
});

t.test('a parameter named like a property of every object is only what the path says', async (t) => {
  const found = compileTemplate(':constructor/:__proto__').match('a/b')!;
  t.equal(found['constructor'], 'a');
  t.same(Object.entries(found)[1], ['__proto__', 'b']);
  t.equal(Object.getPrototypeOf(found), null);
});

t.test('what could be taken for structure is no parameter', async (t) => {
  for (const bad of [
    '',
    '.',
    '..',
    'a/b',
    '/',
    'a\\b',
    '..\\x',
    'a\u0000',
    'a\n',
    '\u007f',
    '\t',
    'x'.repeat(257),
    '\ud800',
    'a\udc00b',
  ]) {
    t.notOk(isParameter(bad), JSON.stringify(bad));
  }
  for (const good of [
    'a',
    '...',
    '.a',
    'a.',
    '%2e%2e',
    '%2F',
    ':room',
    '?',
    '#',
    'é😀',
    ' ',
    'x'.repeat(256),
  ]) {
    t.ok(isParameter(good), JSON.stringify(good));
  }
});

t.test(
  'whatever a client sends, the URL keeps origin, depth, every other segment, query and userinfo',
  async (t) => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc
        .array(
          fc.constantFrom(
            '.',
            '%',
            '2',
            'e',
            'f',
            'F',
            '5c',
            ';',
            '?',
            '#',
            '@',
            ':',
            '&',
            ' ',
            'x',
            '\ufeff',
          ),
          { maxLength: 8 },
        )
        .map((parts) => parts.join('')),
    );
    const configured = 'http://user:pw@chat.example:8080/v1/rooms/:room/of/:house/events?key=1#f';
    fc.assert(
      fc.property(hostile.filter(isParameter), hostile.filter(isParameter), (room, house) => {
        const filled = new URL(fillUrl(configured, { room, house }));
        const segments = filled.pathname.split('/');
        return (
          filled.origin === 'http://chat.example:8080' &&
          filled.username === 'user' &&
          filled.search === '?key=1' &&
          segments.length === 7 &&
          [0, 1, 2, 4, 6].every((i) => segments[i] === ['', 'v1', 'rooms', '', 'of', '', 'events'][i]) &&
          decodeURIComponent(segments[3]!) === room &&
          decodeURIComponent(segments[5]!) === house
        );
      }),
      { numRuns: 3_000 },
    );
    t.pass();
  },
);

t.test('a URL without parameters stays as it is', async (t) => {
  t.equal(fillUrl('http://a.example/x?y=:z', { z: 'q' }), 'http://a.example/x?y=:z');
});

t.test(
  'the own name of a channel is its path with the parameters encoded, and different ones never share it',
  async (t) => {
    const template = compileTemplate('rooms/:room/of/:house');
    t.equal(fillName(template, { room: 'a b', house: 'é' }), 'rooms/a%20b/of/%C3%A9');
    t.equal(fillName(template, { room: 'a' }), undefined);
    t.equal(fillName(template, { room: 'a', house: '..' }), undefined);
    const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter(isParameter);
    fc.assert(
      fc.property(value, value, value, value, (room, house, room2, house2) => {
        const same = room === room2 && house === house2;
        return (
          (fillName(template, { room, house }) === fillName(template, { room: room2, house: house2 })) ===
          same
        );
      }),
    );
  },
);
