/** The head of a stream: our headers over those that hooks have set (CORS, security headers, cookies). */
import type { FastifyReply } from 'fastify';
import { type HttpResponse, isHttp2, type Resume } from '../src/index.js';
import { STREAM_HEADERS } from './media-type.js';

type Headers = Record<string, string>;

/** Of the streams for which hooks have set nothing, one for all. */
const HEADS: Readonly<Record<Resume['outcome'], Headers>> = {
  fresh: headOf('fresh'),
  exact: headOf('exact'),
  gap: headOf('gap'),
  pending: headOf('pending'),
};

function headOf(outcome: Resume['outcome']): Headers {
  return { ...STREAM_HEADERS, 'sse-gateway-resume': outcome };
}

/** Sends the head of a stream that begins so. */
export function sendHead(response: HttpResponse, reply: FastifyReply, outcome: Resume['outcome']): void {
  const set = reply.getHeaders() as Headers;
  const headers = isEmpty(set) ? HEADS[outcome] : merged(set, outcome, isHttp2(response));
  if (isHttp2(response)) {
    response.writeHead(200, headers);
    return;
  }
  response.writeHead(200, headers);
  response.flushHeaders();
}

function merged(set: Headers, outcome: Resume['outcome'], http2: boolean): Headers {
  const headers = { ...set, ...HEADS[outcome] };
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
