/** Picks the sink for a response by its protocol version. */
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { Socket } from 'node:net';
import type { Sink } from '../sink.js';
import type { ChunkFramer } from './chunk-framer.js';
import { Connection } from './connection.js';
import { Http1Sink, type Http1SinkOptions } from './http1-sink.js';
import { Http2Sink } from './http2-sink.js';
import { ResponseSink } from './response-sink.js';

/** What Node's HTTP servers give. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Is this an HTTP/2 response (the compatibility API)? */
export function isHttp2(response: HttpResponse): response is Http2ServerResponse {
  return 'stream' in response && response.req.httpVersionMajor === 2;
}

export interface HttpSinkOptions extends Http1SinkOptions {
  /** Silence after which the kernel probes an HTTP/1 client's side, ms, in whole seconds and at least one; 0: never. Default 0. */
  readonly keepAliveMs?: number;
}

/** What a socket is told in whole seconds; none would be the system's default, which is hours. */
const SECOND_MS = 1_000;

/** The sink of a response whose head was sent; an HTTP/1 response must own its socket. */
export function httpSink(response: HttpResponse, framer: ChunkFramer, options: HttpSinkOptions = {}): Sink {
  // A session of HTTP/2 keeps its socket to itself.
  if (isHttp2(response)) return new Http2Sink(response.stream);
  const { socket } = response;
  if (!(socket instanceof Socket || (socket as unknown) instanceof Connection))
    return new ResponseSink(response);
  const { keepAliveMs = 0 } = options;
  if (keepAliveMs > 0) socket?.setKeepAlive(true, Math.max(keepAliveMs, SECOND_MS));
  return new Http1Sink(response, response.chunkedEncoding ? framer : undefined, options);
}
