import t from 'tap';
import { harmless, paintFor } from '../../bin/terminal.js';

t.test('colours appear where they are wanted only', async (t) => {
  t.equal(paintFor({ hasColors: () => true })('cyan', 'x'), '\u001b[36mx\u001b[39m');
  t.equal(paintFor({ hasColors: () => false })('cyan', 'x'), 'x', 'NO_COLOR');
  t.equal(paintFor({})('cyan', 'x'), 'x', 'a pipe');
});

t.test('nothing foreign reaches a terminal that it would obey', async (t) => {
  t.equal(
    harmless('\u001b]0;title\u0007 \r\u009b2J\u007f\u0000'),
    '\\x1b]0;title\\x07 \\x0d\\x9b2J\\x7f\\x00',
  );
  t.equal(harmless('a\tb\nü 🙂'), 'a\tb\nü 🙂');
});
