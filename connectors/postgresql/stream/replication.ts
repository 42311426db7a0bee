import { MillraceError } from '../../../src/errors.ts';
import { formatLsn, type Lsn, readLsn, writeLsn } from '../position/lsn.ts';
import { type ConnectionSettings, type ConnectOptions, connect, quoteIdentifier } from '../session/connection.ts';
import { readErrorResponse, toFailure } from '../session/failures.ts';
import type { Frames } from '../session/frames.ts';
import { Wire } from '../session/wire.ts';
import { POSTGRES_EPOCH_MICROS } from './pgoutput.ts';

export const COPY_DATA = 0x64;
const COPY_BOTH = 0x57;
const COPY_DONE = 0x63;
const ERROR = 0x45;

/** First byte of CopyData: log, and a sign of life. */
export const XLOG_DATA = 0x77;
export const KEEPALIVE = 0x6b;
/** Of the header of an XLogData message: type, start, end, time sent. */
export const XLOG_HEADER = 25;

const STATUS = 0x72;
const STATUS_LENGTH = 39;
/** Times that a silent server is asked, at least, before it is given up. */
const PROBES = 3;
/** Acknowledgements are told together, this often at most; the server may have to write its slot for each. */
const TELL_EVERY_MS = 200;
/** A server that asks for an answer is not kept waiting for longer. */
const COLLECT_MS = 50;
/** More than small transactions are while one is committed. */
const COLLECT_BYTES = 16 * 1024;

export interface ReplicationOptions {
  readonly slot: string;
  readonly publication: string;
  readonly start: Lsn;
  readonly session: ConnectOptions;
  /** `status.update.interval.ms` */
  readonly statusIntervalMs: number;
  /** The server is given up when it has sent nothing for so long, although it was asked to. */
  readonly silenceMs: number;
  /** Bytes that may wait here unread. */
  readonly bufferBytes: number;
  readonly serverVersion: number;
}

/**
 * A replication connection (https://www.postgresql.org/docs/current/protocol-replication.html). The server hears of
 * nothing as flushed but what `acknowledge` was called with, however long reading pauses; a timer tells it that we live.
 */
export class Replication {
  readonly #wire: Wire;
  readonly #timer: NodeJS.Timeout;
  #flushed: Lsn;
  #received: Lsn;
  #told: Lsn;
  #toldAt = 0;
  readonly #silentTicks: number;
  readonly #silenceMs: number;
  /** Ticks since anything has come; how much had come then. */
  #silent = 0;
  #seen = 0;
  #later: NodeJS.Timeout | undefined;

  private constructor(wire: Wire, options: ReplicationOptions) {
    this.#wire = wire;
    this.#flushed = options.start;
    this.#received = options.start;
    this.#told = options.start;
    this.#silenceMs = options.silenceMs;
    const interval = Math.min(options.statusIntervalMs, options.silenceMs / PROBES);
    this.#silentTicks = Math.ceil(options.silenceMs / interval);
    this.#timer = setInterval(() => this.#tick(), interval);
  }

  /** Begins to stream. Rejects with SOURCE_UNAVAILABLE, SOURCE_SETUP, SOURCE_POSITION_LOST. */
  static async open(settings: ConnectionSettings, options: ReplicationOptions): Promise<Replication> {
    const doing = `streaming from the replication slot ${options.slot}`;
    const client = await connect(settings, { ...options.session, replication: true });
    const wire = new Wire(client, options.bufferBytes);
    try {
      wire.query(startCommand(options));
      await started(wire, options.silenceMs);
    } catch (error) {
      await wire.close();
      throw toFailure(error, doing);
    }
    return new Replication(wire, options);
  }

  get frames(): Frames {
    return this.#wire.frames;
  }

  /** Throws what has ended the stream, if anything has. For when no whole message is left. */
  check(): void {
    if (this.#wire.failure !== undefined) throw toFailure(this.#wire.failure, 'streaming changes');
  }

  /** A message of another kind than CopyData. */
  unexpected(frames: Frames): void {
    if (frames.type === ERROR)
      throw toFailure(readErrorResponse(frames.bytes, frames.start, frames.end), 'streaming changes');
    if (frames.type === COPY_DONE)
      throw new MillraceError('SOURCE_UNAVAILABLE', 'the server has ended the replication stream');
    // Notices and parameters.
  }

  /** Lets more come and waits for it. */
  wait(ms: number): Promise<void> {
    this.#wire.resume();
    return this.#wire.wait(ms);
  }

  /** Lets more come for a moment: until `until` resolves, or much has come. */
  collect(until: Promise<void>): Promise<void> {
    return this.#wire.collect(COLLECT_MS, COLLECT_BYTES, until);
  }

  interrupt(): void {
    this.#wire.interrupt();
  }

  received(lsn: Lsn): void {
    if (lsn > this.#received) this.#received = lsn;
  }

  /** Everything that commits before `lsn` is safe with us. */
  acknowledge(lsn: Lsn): void {
    if (lsn <= this.#flushed) return;
    this.#flushed = lsn;
    if (this.#later !== undefined) return;
    const wait = this.#toldAt + TELL_EVERY_MS - performance.now();
    if (wait <= 0) this.#tell();
    else this.#later = setTimeout(() => this.#tell(), wait);
  }

  /** Makes the server say how far it is. */
  ask(): void {
    this.#tell(true);
  }

  /**
   * A quiet server says nothing by itself: it is asked. Ticks are counted, not time: while this process stands still,
   * what has come waits to be seen.
   */
  #tick(): void {
    const { received, paused } = this.#wire;
    this.#silent = received === this.#seen && !paused ? this.#silent + 1 : 0;
    this.#seen = received;
    if (this.#silent > this.#silentTicks)
      this.#wire.destroy(
        new MillraceError(
          'SOURCE_UNAVAILABLE',
          `the server has sent nothing for ${this.#silenceMs / 1000} s, although it was asked to: it is frozen or cut off`,
        ),
      );
    else this.#tell(this.#silent > 0);
  }

  /** Answers a keepalive that asks for it. */
  reply(): void {
    this.#tell();
  }

  #tell(asks = false): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#toldAt = performance.now();
    this.#told = this.#flushed;
    this.#wire.write(statusUpdate(Math.max(this.#received, this.#flushed), this.#flushed, asks));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#later);
    if (this.#told !== this.#flushed) this.#tell();
    await this.#wire.close(COPY_DONE_MESSAGE);
  }
}

const COPY_DONE_MESSAGE = Buffer.from([COPY_DONE, 0, 0, 0, 4]);

/** Standby status update, as CopyData: what we hold, and what is durable and applied, which for us is one. */
function statusUpdate(received: Lsn, flushed: Lsn, asks: boolean): Buffer {
  const message = Buffer.alloc(STATUS_LENGTH);
  message[0] = COPY_DATA;
  message.writeUInt32BE(STATUS_LENGTH - 1, 1);
  message[5] = STATUS;
  writeLsn(message, 6, received);
  writeLsn(message, 14, flushed);
  writeLsn(message, 22, flushed);
  writeLsn(message, 30, Date.now() * 1000 - POSTGRES_EPOCH_MICROS);
  message[38] = asks ? 1 : 0;
  return message;
}

function startCommand({ slot, publication, start, serverVersion }: ReplicationOptions): string {
  const names = quoteIdentifier(publication).replaceAll("'", "''");
  const messages = serverVersion >= 140_000 ? `, messages 'true'` : '';
  return (
    `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL ${formatLsn(start)} ` +
    `(proto_version '1', publication_names '${names}'${messages})`
  );
}

/** Resolves when the server has begun to stream. */
async function started(wire: Wire, silenceMs: number): Promise<void> {
  const { frames } = wire;
  const deadline = performance.now() + silenceMs;
  for (;;) {
    while (frames.next()) {
      if (frames.type === COPY_BOTH) return;
      if (frames.type === ERROR) throw readErrorResponse(frames.bytes, frames.start, frames.end);
    }
    if (wire.failure !== undefined) throw wire.failure;
    const left = deadline - performance.now();
    if (left <= 0)
      throw new MillraceError('SOURCE_UNAVAILABLE', `the server has not begun to stream within ${silenceMs / 1000} s`);
    await wire.wait(left);
  }
}

/** Of a keepalive's body: how far the server has sent, and whether it wants an answer. */
export const readKeepalive = (bytes: Buffer, at: number): { readonly end: Lsn; readonly asks: boolean } => ({
  end: readLsn(bytes, at + 1),
  asks: bytes[at + 17] === 1,
});
