import type { Socket } from 'node:net';
import type pg from 'pg';
import { socketOf } from '../../../src/databases/postgresql/session.ts';
import { Frames } from './frames.ts';

const QUERY = 0x51;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);
/** Time limit for the server to close the connection. */
const CLOSE_TIMEOUT_MS = 500;

/**
 * Reads and writes messages on the socket of a session that pg has opened, with TLS and login. pg itself would create an
 * object and an event for each message. See docs/decisions/0002.
 */
export class Wire {
  readonly frames = new Frames();
  /** The error that has ended the connection; undefined while it is open. */
  failure: Error | undefined;
  /** Number of chunks received. */
  received = 0;
  readonly #socket: Socket;
  readonly #limit: number;
  #wake: (() => void) | undefined;
  /** Number of buffered bytes at which the pending wait resolves. */
  #wakeAtBytes = 0;
  #paused = false;

  /** limit: number of buffered bytes at which reading from the socket pauses. */
  constructor(client: pg.Client, limit: number) {
    const stream = socketOf(client);
    this.#socket = stream;
    this.#limit = limit;
    stream.removeAllListeners('data');
    stream.on('data', chunk => this.#received(chunk as Buffer));
    stream.on('error', error => this.#fail(error));
    stream.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  #received(chunk: Buffer): void {
    this.received++;
    this.frames.push(chunk);
    if (this.frames.available >= this.#limit && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
    if (this.frames.available >= this.#wakeAtBytes) this.#wake?.();
  }

  #fail(error: Error): void {
    this.failure ??= error;
    this.#wake?.();
  }

  /** True while reading from the socket is paused: silence of the server means nothing then. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Resumes reading. Called when no complete message is buffered. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Resolves on data, on failure of the connection, on `interrupt`, or after `ms`. */
  wait(ms: number): Promise<void> {
    return this.#wait(ms, 0, undefined);
  }

  /** Like `wait`, but until this many bytes are buffered, or `until` resolves. */
  collect(ms: number, bytes: number, until: Promise<void>): Promise<void> {
    return this.frames.available >= bytes ? Promise.resolve() : this.#wait(ms, bytes, until);
  }

  #wait(ms: number, bytes: number, until: Promise<void> | undefined): Promise<void> {
    if (this.failure !== undefined) return Promise.resolve();
    return new Promise(resolve => {
      const wake = (): void => {
        // Another wait may have begun since.
        if (this.#wake !== wake) return;
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake = wake;
      this.#wakeAtBytes = bytes;
      until?.then(wake);
    });
  }

  interrupt(): void {
    this.#wake?.();
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  query(sql: string): void {
    const text = Buffer.from(sql);
    const message = Buffer.alloc(text.length + 6);
    message[0] = QUERY;
    message.writeUInt32BE(text.length + 5, 1);
    text.copy(message, 5);
    this.write(message);
  }

  /** Sends Terminate, waits briefly for the server to close, then closes the socket. farewell: sent before it. */
  async close(farewell: Uint8Array = Buffer.alloc(0)): Promise<void> {
    const socket = this.#socket;
    this.failure ??= new Error('closed');
    this.#wake?.();
    if (socket.destroyed) return;
    socket.removeAllListeners('data');
    socket.on('data', () => {});
    this.write(farewell);
    this.write(TERMINATE);
    const closed = new Promise<void>(resolve => socket.once('close', resolve));
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
    await closed;
    clearTimeout(timer);
  }

  /** Closes the socket at once. */
  destroy(reason?: Error): void {
    if (reason !== undefined) this.#fail(reason);
    this.#socket.destroy();
  }
}
