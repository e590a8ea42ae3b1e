import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import t from 'tap';
import { diagnose } from '../src/diagnostics.js';

const PLACE = { gateway: 'default', channel: 'a', key: 'a' };

t.test('a message is made for those who listen, and not at all without any', async (t) => {
  const heard: [message: unknown, name: string | symbol][] = [];
  const listener = (message: unknown, name: string | symbol) => void heard.push([message, name]);
  let made = 0;
  const gap = () => {
    made += 1;
    return { ...PLACE, reason: 'lagged' } as const;
  };
  diagnose('sse-gateway:gap', gap);
  t.equal(made, 0);
  subscribe('sse-gateway:gap', listener);
  diagnose('sse-gateway:gap', gap);
  diagnose('sse-gateway:upstream:open', () => PLACE);
  unsubscribe('sse-gateway:gap', listener);
  diagnose('sse-gateway:gap', gap);
  t.same(heard, [[{ ...PLACE, reason: 'lagged' }, 'sse-gateway:gap']]);
  t.equal(made, 1);
});
