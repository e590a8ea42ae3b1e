/**
 * The id a client resumes from: its header, or `?lastEventId=` where it can't set one. The header wins; an empty one
 * counts as absent. Ids are UTF-8; Node hands header bytes over as Latin-1.
 */
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../src/index.js';

const NAME = 'last-event-id';

/** @throws GatewayError 400 when two headers, or two parameters, name different ids */
export function lastEventId(request: FastifyRequest): Uint8Array | undefined {
  const header = request.headers[NAME] === undefined ? undefined : headerId(request);
  if (header !== undefined) return Buffer.from(header, 'latin1');
  const query = (request.query as Record<string, unknown> | undefined)?.['lastEventId'];
  if (query === undefined) return undefined;
  const asked = new Set(Array.isArray(query) ? query : [query]);
  if (asked.size > 1) {
    throw new GatewayError('RESUME_ID_CONFLICT', 'two lastEventId parameters name different events');
  }
  const [parameter] = asked;
  return typeof parameter === 'string' && parameter !== '' ? Buffer.from(parameter) : undefined;
}

function headerId(request: FastifyRequest): string | undefined {
  const ids = new Set(headerValues(request));
  ids.delete('');
  if (ids.size > 1) {
    throw new GatewayError('RESUME_ID_CONFLICT', 'two Last-Event-ID headers name different events');
  }
  const [id] = ids;
  return id;
}

/** Each header's own value: `headers` joins them, and `headersDistinct` does not exist on HTTP/2 requests. */
function* headerValues({ raw: { rawHeaders } }: FastifyRequest): IterableIterator<string> {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === NAME) yield rawHeaders[i + 1]!;
  }
}
