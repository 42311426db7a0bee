import type { Socket } from 'node:net';
import type pg from 'pg';
import { socketOf } from '../../../src/databases/postgresql/session.ts';
import { Frames } from './frames.ts';

const QUERY = 0x51;
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);
/** How long the server has for a farewell. */
const FAREWELL_MS = 500;

/**
 * The socket of a session that pg has opened (TLS and login are its work), read and written message by message without
 * pg: it would make an object and an event of each message. See docs/decisions/0002.
 */
export class Wire {
  readonly frames = new Frames();
  /** Why no more will come; undefined while the link holds. */
  failure: Error | undefined;
  /** Pieces that have come: it stands still while the server is silent. */
  received = 0;
  readonly #socket: Socket;
  readonly #limit: number;
  #wake: (() => void) | undefined;
  /** Unread bytes at which the pending wait resolves. */
  #enough = 0;
  #paused = false;

  /** limit: bytes that may wait here unread; beyond, the server is made to wait. */
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
    if (this.frames.available >= this.#enough) this.#wake?.();
  }

  #fail(error: Error): void {
    this.failure ??= error;
    this.#wake?.();
  }

  /** The server is made to wait: that nothing comes says nothing of it. */
  get paused(): boolean {
    return this.#paused;
  }

  /** To be called when no whole message is left: lets more come. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Resolves when something has come, the link has failed, `interrupt` was called, or the time is over. */
  wait(ms: number): Promise<void> {
    return this.#wait(ms, 0, undefined);
  }

  /** As `wait`, but until this many bytes wait here, or `until` has resolved. */
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
      this.#enough = bytes;
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

  /** Says goodbye, waits a moment for the server to hang up, and hangs up. */
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
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MS);
    await closed;
    clearTimeout(timer);
  }

  /** Hangs up at once. */
  destroy(reason?: Error): void {
    if (reason !== undefined) this.#fail(reason);
    this.#socket.destroy();
  }
}
