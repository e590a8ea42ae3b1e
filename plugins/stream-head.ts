/** The head of a stream: our headers over those that hooks have set (CORS, security headers, cookies). */
import type { FastifyReply } from 'fastify';
import { type HttpResponse, isHttp2, type Resume } from '../src/index.js';
import { STREAM_HEADERS } from './media-type.js';

type Outcome = Resume['outcome'];
type Headers = Record<string, string>;

/** Of the streams for which hooks have set nothing, one for all. */
const HEADS = headsOf({});
/** The same for those that end with their connection. */
const LAST_HEADS = headsOf({ connection: 'close' });

function headsOf(more: Headers): Readonly<Record<Outcome, Headers>> {
  const headOf = (outcome: Outcome): Headers => ({
    ...STREAM_HEADERS,
    'sse-gateway-resume': outcome,
    ...more,
  });
  return { fresh: headOf('fresh'), exact: headOf('exact'), gap: headOf('gap'), pending: headOf('pending') };
}

/**
 * Sends the head of a stream.
 * @param last nothing follows it on its connection
 */
export function sendHead(response: HttpResponse, reply: FastifyReply, outcome: Outcome, last: boolean): void {
  const own = (last ? LAST_HEADS : HEADS)[outcome];
  const set = reply.getHeaders() as Headers;
  const headers = isEmpty(set) ? own : merged(set, own, isHttp2(response));
  if (isHttp2(response)) {
    response.writeHead(200, headers);
    return;
  }
  response.writeHead(200, headers);
  response.flushHeaders();
}

function merged(set: Headers, own: Headers, http2: boolean): Headers {
  const headers = { ...set, ...own };
  // A stream has no length, and its body is nobody's to encode.
  delete headers['content-length'];
  delete headers['content-encoding'];
  delete headers['transfer-encoding'];
  if (http2) delete headers['connection'];
  return headers;
}

function isEmpty(set: Headers): boolean {
  for (const _ in set) return false;
  return true;
}
