/** Events as `tail` prints them: a line for programs, lines for people, and what a gateway's own events say. Pure. */
import type { StreamEvent } from './event-inlet.js';
import type { Paint } from './terminal.js';

/** One line of JSON: `{"id":"17","event":"message","data":"…"}`; `id` is null while there was none. */
export function jsonLine({ id, event, data }: StreamEvent): string {
  return `${JSON.stringify({ id: id === '' ? null : id, event, data })}\n`;
}

/** `<id> <event> <data>`; further lines of the data are indented, so that an event begins where a line does. */
export function textLines({ id, event, data }: StreamEvent, paint: Paint): string {
  const type = event === 'message' ? event : paint('cyan', event);
  return `${paint('dim', id === '' ? '-' : id)} ${type} ${data.replaceAll('\n', '\n  ')}\n`;
}

/** What a gateway says about the stream by this event; undefined for all others. */
export function gatewayNotice({ event, data }: StreamEvent): string | undefined {
  if (event !== 'gateway.gap' && event !== 'gateway.end') return undefined;
  const { reason, lost } = fieldsOf(data);
  const why = typeof reason === 'string' ? reason : 'no reason given';
  if (event === 'gateway.end') return `the gateway ended the stream: ${why}`;
  if (typeof lost !== 'number') return `gap: ${why}, it is not known what was lost`;
  return `gap: ${why}, ${lost} ${lost === 1 ? 'event' : 'events'} lost`;
}

function fieldsOf(data: string): { readonly reason?: unknown; readonly lost?: unknown } {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
