import t from 'tap';
import { gatewayNotice, jsonLine, textLines } from '../../bin/event-text.js';

t.test('for programs an event is one line of JSON', async (t) => {
  t.equal(
    jsonLine({ id: '17', event: 'x', data: 'a\n"b"' }),
    '{"id":"17","event":"x","data":"a\\n\\"b\\""}\n',
  );
  t.equal(jsonLine({ id: '', event: 'message', data: '' }), '{"id":null,"event":"message","data":""}\n');
});

t.test('for people an event begins where a line does, and only its own colours are new', async (t) => {
  const plain = (_style: string, text: string) => text;
  t.equal(textLines({ id: '17', event: 'message', data: 'a\nb' }, plain), '17 message a\n  b\n');
  t.equal(textLines({ id: '', event: 'x', data: '' }, plain), '- x \n');
  const marked = (style: string, text: string) => `<${style}>${text}</>`;
  t.equal(textLines({ id: '17', event: 'x', data: 'a' }, marked), '<dim>17</> <cyan>x</> a\n');
});

t.test('what the gateway says of the stream is told in words', async (t) => {
  const gap = (data: string) => gatewayNotice({ id: '', event: 'gateway.gap', data });
  t.equal(gap('{"reason":"trimmed","lost":1}'), 'gap: trimmed, 1 event lost');
  t.equal(gap('{"reason":"lagged","lost":12}'), 'gap: lagged, 12 events lost');
  t.equal(gap('{"reason":"upstream","lost":null}'), 'gap: upstream, it is not known what was lost');
  for (const data of ['no JSON', 'null', '{"reason":7}']) t.match(gap(data), /^gap: no reason given/, data);
  t.equal(
    gatewayNotice({ id: '', event: 'gateway.end', data: '{"reason":"X"}' }),
    'the gateway ended the stream: X',
  );
  t.equal(gatewayNotice({ id: '', event: 'message', data: '{"reason":"X"}' }), undefined);
});
