/**
 * The text of WHATWG HTML §9.2.5 and §9.2.6, step by step, over strings and whole streams: slow and obvious. What the
 * parser is measured against; it shares no code with it.
 */

export interface ReferenceEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

export interface Interpretation {
  readonly events: ReferenceEvent[];
  /** The last event ID string of the event source when the stream is over: what a reconnect would send. */
  readonly lastEventId: string;
  /** Milliseconds, −1 when the stream sets none. */
  readonly retry: number;
}

/** Interprets a whole stream; what is behind its last line end, and its last unfinished event, are discarded. */
export function interpret(stream: Uint8Array): Interpretation {
  // "UTF-8 decode" removes one leading byte order mark.
  const text = new TextDecoder('utf-8').decode(stream);
  const lines = text.split(/\r\n|\n|\r/);
  lines.pop();

  const events: ReferenceEvent[] = [];
  let dataBuffer = '';
  let typeBuffer = '';
  let idBuffer = '';
  let lastEventId = '';
  let retry = -1;

  const dispatch = () => {
    lastEventId = idBuffer;
    if (dataBuffer !== '') {
      const data = dataBuffer.endsWith('\n') ? dataBuffer.slice(0, -1) : dataBuffer;
      events.push({ type: typeBuffer === '' ? 'message' : typeBuffer, data, lastEventId });
    }
    dataBuffer = '';
    typeBuffer = '';
  };

  const processField = (name: string, value: string) => {
    if (name === 'event') typeBuffer = value;
    else if (name === 'data') dataBuffer += `${value}\n`;
    else if (name === 'id') {
      if (!value.includes('\0')) idBuffer = value;
    } else if (name === 'retry') {
      if (/^[0-9]+$/.test(value)) retry = Math.min(Number(value), Number.MAX_SAFE_INTEGER);
    }
  };

  for (const line of lines) {
    if (line === '') {
      dispatch();
    } else if (line.startsWith(':')) {
      // A comment.
    } else if (line.includes(':')) {
      const colon = line.indexOf(':');
      const value = line.slice(colon + 1);
      processField(line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value);
    } else {
      processField(line, '');
    }
  }
  return { events, lastEventId, retry };
}
