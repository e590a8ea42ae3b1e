/**
 * A scripted answer of an upstream in place of its stream. It refuses to be checked: it may be no HTTP at all.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface UpstreamAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: OutgoingHttpHeaders;
  /** The whole body; default none. */
  readonly body?: string | Uint8Array;
  /** Literal bytes in place of status, headers and body; the connection ends behind them. */
  readonly raw?: string | Uint8Array;
  /** Leave the connection open behind the body or the literal bytes; default false. */
  readonly hold?: boolean;
}

/** Always true: the request is taken. */
export function writeAnswer(response: ServerResponse, answer: UpstreamAnswer): true {
  const { status = 200, headers = {}, body = '', raw, hold = false } = answer;
  if (raw !== undefined) {
    const { socket } = response;
    if (hold) socket?.write(raw);
    else socket?.end(raw);
    return true;
  }
  response.writeHead(status, headers);
  if (hold) {
    response.flushHeaders();
    if (body.length > 0) response.write(body);
  } else {
    response.end(body);
  }
  return true;
}
