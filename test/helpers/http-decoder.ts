/**
 * Takes one HTTP/1.x response apart as its bytes arrive (RFC 9112): head, then a body that is chunked, counted, or ends
 * with the connection. Deliberately strict, so that a framing fault of the server is found and not tolerated.
 * It refuses trailers, chunk extensions, pipelined answers and everything a gateway never sends.
 */

/** A head as it was received. Header names in lower case, values as Latin-1, repeated ones joined with `, `. */
export interface ResponseHead {
  readonly httpVersion: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: string;
}

export interface ResponseParts {
  head(head: ResponseHead): void;
  /** Bytes of the body without framing: a view, valid until the call returns. */
  body(bytes: Buffer): void;
}

type State =
  | 'head'
  | 'identity'
  | 'counted'
  | 'chunk-size'
  | 'chunk'
  | 'chunk-end'
  | 'last-chunk-end'
  | 'complete';

const MAX_HEAD_BYTES = 64 * 1024;

export class ResponseDecoder {
  readonly #parts: ResponseParts;
  #state: State = 'head';
  /** Bytes of a head or a size line that is not complete. */
  #carry = '';
  /** Bytes of the current chunk or the counted body that are yet to come. */
  #left = 0;
  #chunks = 0;

  constructor(parts: ResponseParts) {
    this.#parts = parts;
  }

  /** The body is complete by its own framing. */
  get complete(): boolean {
    return this.#state === 'complete';
  }

  /** Chunks of data begun; 0 if the body isn't chunked. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Takes the next bytes. Throws an Error when they break the framing. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'complete') throw new Error('bytes behind the end of the response');
      if (this.#state === 'identity') {
        this.#parts.body(bytes.subarray(at));
        return;
      }
      at = this.#left > 0 ? this.#data(bytes, at) : this.#line(bytes, at);
    }
  }

  /** The connection ended. True if that completes the body, false if it was cut. */
  end(): boolean {
    if (this.#state === 'identity') this.#state = 'complete';
    return this.complete;
  }

  #data(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#parts.body(bytes.subarray(at, end));
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunk-end' : 'complete';
    return end;
  }

  /** Collects up to the next LF, and acts on what is then complete. */
  #line(bytes: Buffer, at: number): number {
    const lf = bytes.indexOf(10, at);
    const end = lf < 0 ? bytes.length : lf + 1;
    this.#carry += bytes.toString('latin1', at, end);
    if (this.#carry.length > MAX_HEAD_BYTES)
      throw new Error(`${this.#carry.length} bytes of head or size line`);
    if (lf < 0) return end;
    if (this.#state === 'head') {
      if (this.#carry.endsWith('\r\n\r\n')) this.#head(this.#take());
    } else {
      this.#framing(this.#take());
    }
    return end;
  }

  #take(): string {
    const taken = this.#carry;
    this.#carry = '';
    return taken;
  }

  #framing(line: string): void {
    if (this.#state === 'chunk-size') {
      if (!/^[0-9a-fA-F]+\r\n$/.test(line)) throw new Error(`a chunk size of ${JSON.stringify(line)}`);
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left > 0 ? 'chunk' : 'last-chunk-end';
      if (this.#left > 0) this.#chunks += 1;
      return;
    }
    if (line !== '\r\n') throw new Error(`${JSON.stringify(line)} where a chunk ends`);
    this.#state = this.#state === 'last-chunk-end' ? 'complete' : 'chunk-size';
  }

  #head(raw: string): void {
    const head = parseHead(raw);
    if (head.status >= 100 && head.status < 200) return;
    const length = head.headers['content-length'];
    const coding = head.headers['transfer-encoding'];
    if (length !== undefined && coding !== undefined)
      throw new Error('both Content-Length and Transfer-Encoding');
    if (coding !== undefined) {
      if (coding !== 'chunked' || head.httpVersion !== '1.1') {
        throw new Error(`Transfer-Encoding ${coding} in HTTP/${head.httpVersion}`);
      }
      this.#state = 'chunk-size';
    } else if (length !== undefined || head.status === 204 || head.status === 304) {
      if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`Content-Length ${length}`);
      this.#left = head.status === 204 || head.status === 304 ? 0 : Number(length);
      this.#state = this.#left > 0 ? 'counted' : 'complete';
    } else {
      this.#state = 'identity';
    }
    this.#parts.head(head);
  }
}

function parseHead(raw: string): ResponseHead {
  const [statusLine = '', ...lines] = raw.slice(0, -4).split('\r\n');
  const status = /^HTTP\/(1\.[01]) (\d{3}) [^\r\n]*$/.exec(statusLine);
  if (status === null) throw new Error(`a status line of ${JSON.stringify(statusLine)}`);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
    if (field === null) throw new Error(`a header line of ${JSON.stringify(line)}`);
    const name = field[1]!.toLowerCase();
    headers[name] = name in headers ? `${headers[name]}, ${field[2]}` : field[2]!;
  }
  return { httpVersion: status[1]!, status: Number(status[2]), headers, raw };
}
