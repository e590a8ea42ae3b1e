/**
 * One client: a raw socket that asks for a stream and hands its body to a checker. All connections of the process read
 * into one buffer, since a read is over before the next begins. Roles: it reads, it reads but nobody waits for it, it never
 * reads, or it reads little.
 */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { monotonicMicros } from '../wire/monotonic.js';
import { BodyReader, type BodySink } from './body-reader.js';
import type { StreamChecker } from './stream-checker.js';

export type Role = 'reading' | 'passing' | 'stalled' | 'slow';

export interface ConnectionOptions {
  readonly port: number;
  readonly path: string;
  readonly localAddress: string;
  readonly role: Role;
  readonly lastEventId?: string;
}

const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** A slow client takes one small read per pause. */
const SLOW_BUFFER = Buffer.allocUnsafeSlow(2 * 1024);
const SLOW_PAUSE_MS = 20;

export class Connection implements BodySink {
  readonly checker: StreamChecker;
  readonly #socket: Socket;
  readonly #body = new BodyReader(this);
  readonly #onHead: (status: number) => void;
  readonly #onOver: (connection: Connection, error: Error | undefined) => void;
  #now = 0;
  #error: Error | undefined;

  /** A stalled one never sees a head: `onHead` is told 0 when it has asked. */
  constructor(
    options: ConnectionOptions,
    checker: StreamChecker,
    onHead: (status: number) => void,
    onOver: (connection: Connection, error: Error | undefined) => void,
  ) {
    this.checker = checker;
    this.#onHead = onHead;
    this.#onOver = onOver;
    const { port, path, localAddress, role, lastEventId } = options;
    const slow = role === 'slow';
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      localAddress,
      noDelay: true,
      onread: {
        buffer: slow ? SLOW_BUFFER : BUFFER,
        callback: (length, bytes) => {
          this.#read(bytes as Buffer, length);
          if (slow) setTimeout(() => this.#socket.resume(), SLOW_PAUSE_MS);
          return !slow;
        },
      },
    });
    if (role === 'stalled') this.#socket.pause();
    const resume = lastEventId === undefined ? '' : `last-event-id: ${lastEventId}\r\n`;
    this.#socket
      .on('error', (error) => {
        this.#error = error;
      })
      .on('close', () => {
        this.checker.end();
        this.#onOver(this, this.#error);
      })
      .write(
        `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n${resume}\r\n`,
        () => {
          if (role === 'stalled') onHead(0);
        },
      );
  }

  /** Cut, without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  head(status: number): void {
    this.#onHead(status);
  }

  content(bytes: Buffer, from: number, to: number): void {
    this.checker.feed(bytes, from, to, this.#now);
  }

  end(): void {
    this.#socket.end();
  }

  #read(bytes: Buffer, length: number): void {
    this.#now = monotonicMicros();
    try {
      this.#body.read(bytes, length);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }
}
