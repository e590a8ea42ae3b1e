/**
 * Literal bytes on one TCP connection, and the literal bytes that come back: for pipelining, HTTP/1.0 and broken heads.
 * It refuses to understand either.
 */
import { connect, type Socket } from 'node:net';
import { Waits } from './waits.js';

export class RawConnection {
  /** Resolves when the server ended or broke the connection: `end` with a FIN, `error` otherwise. Never rejects. */
  readonly closed: Promise<'end' | 'error'>;
  readonly #socket: Socket;
  readonly #waits = new Waits(() => `${this.#length} bytes ${JSON.stringify(this.text.slice(-400))}`);
  #pieces: Buffer[] = [];
  #length = 0;
  #over: 'end' | 'error' | undefined;

  constructor(port: number, bytes: string | Uint8Array, host = '127.0.0.1') {
    this.#socket = connect({ port, host, noDelay: true });
    this.closed = new Promise((resolve) => {
      const over = (how: 'end' | 'error') => {
        this.#over ??= how;
        resolve(this.#over);
        this.#waits.over(`the connection is over (${this.#over})`);
      };
      this.#socket
        .on('data', (piece) => {
          this.#pieces.push(piece);
          this.#length += piece.length;
          this.#waits.check();
        })
        .on('end', () => over('end'))
        .on('error', () => over('error'))
        .on('close', () => over('end'));
    });
    this.send(bytes);
  }

  /** Everything received so far. */
  get received(): Buffer {
    this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0]!;
  }

  /** The same as Latin-1. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** Bytes that the server has not taken yet. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** More bytes; strings go out as Latin-1. */
  send(bytes: string | Uint8Array): void {
    if (bytes.length === 0) return;
    if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1');
    else this.#socket.write(bytes);
  }

  /** Resolves with the text received once it contains `wanted`, or is as many bytes long. */
  async waitFor(wanted: string | RegExp | number, deadlineMs?: number): Promise<string> {
    const holds = () => {
      if (typeof wanted === 'number') return this.#length >= wanted;
      return typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text);
    };
    await this.#waits.until(
      holds,
      JSON.stringify(wanted instanceof RegExp ? String(wanted) : wanted),
      deadlineMs,
    );
    return this.text;
  }

  /** Resolves with all the text once the connection is over. */
  async waitForClose(deadlineMs?: number): Promise<string> {
    await this.#waits.until(() => this.#over !== undefined, 'the end of the connection', deadlineMs);
    return this.text;
  }

  /** Half-closes: a FIN behind what was sent; the answer can still be read. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Goes away with an RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

/** Connects to 127.0.0.1 and sends `bytes` (strings as Latin-1). */
export function rawRequest(port: number, bytes: string | Uint8Array): RawConnection {
  return new RawConnection(port, bytes);
}
