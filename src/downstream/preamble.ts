/**
 * The first bytes of every client's stream: proxies hold the head back until some body follows, and a client needs its
 * own reconnection time before anything can go wrong.
 */
export function preamble(retryMs: number): Buffer {
  return Buffer.from(`:\nretry: ${Math.ceil(retryMs)}\n\n`, 'latin1');
}
