import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';
import { MillraceError } from '../../../src/errors.ts';
import { formatLsn, type Lsn, maxLsn, readLsn, writeUint64 } from '../position/lsn.ts';
import { type ConnectionSettings, type ConnectOptions, connect } from '../session/connection.ts';
import { readErrorResponse, toMillraceError } from '../session/failures.ts';
import type { Frames } from '../session/frames.ts';
import { Wire } from '../session/wire.ts';
import { POSTGRES_EPOCH_MICROS } from './pgoutput.ts';

export const COPY_DATA = 0x64;
const COPY_BOTH = 0x57;
const COPY_DONE = 0x63;
const ERROR = 0x45;

/** First byte of CopyData: WAL data, and a keepalive. */
export const XLOG_DATA = 0x77;
export const KEEPALIVE = 0x6b;
/** Bytes of the header of an XLogData message: type, start, end, time sent. */
export const XLOG_HEADER = 25;

const STATUS = 0x72;
const STATUS_LENGTH = 39;
/** Least number of requests to a silent server before the connection is closed. */
const PROBES = 3;
/** Acknowledgements are sent together: the server may write its slot to disk for each. */
const MIN_STATUS_INTERVAL_MS = 200;
/** Longest `collect`, so that keepalives are answered. */
const COLLECT_MS = 50;
/** Bytes that end `collect`: more than small transactions bring during one commit. */
const COLLECT_BYTES = 16 * 1024;

export interface ReplicationOptions {
  readonly slot: string;
  readonly publication: string;
  readonly start: Lsn;
  readonly session: ConnectOptions;
  /** `status.update.interval.ms` */
  readonly statusIntervalMs: number;
  /** The connection is closed when the server has sent nothing for so long, although it was requested to. */
  readonly silenceMs: number;
  /** Most bytes that are buffered. */
  readonly bufferBytes: number;
  readonly serverVersion: number;
}

/**
 * A replication connection (https://www.postgresql.org/docs/current/protocol-replication.html). Reports no
 * LSN as flushed but those of `acknowledge`, however long reading pauses; a timer sends the status meanwhile.
 */
export class Replication {
  readonly #wire: Wire;
  readonly #timer: NodeJS.Timeout;
  #flushed: Lsn;
  #received: Lsn;
  #reported: Lsn;
  #reportedAt = 0;
  readonly #silentTicks: number;
  readonly #silenceMs: number;
  /** Timer ticks without new bytes, and the number of bytes at the last tick. */
  #silentCount = 0;
  #lastReceivedBytes = 0;
  #pendingStatus: NodeJS.Timeout | undefined;

  private constructor(wire: Wire, options: ReplicationOptions) {
    this.#wire = wire;
    this.#flushed = options.start;
    this.#received = options.start;
    this.#reported = options.start;
    this.#silenceMs = options.silenceMs;
    const interval = Math.min(options.statusIntervalMs, options.silenceMs / PROBES);
    this.#silentTicks = Math.ceil(options.silenceMs / interval);
    this.#timer = setInterval(() => this.#tick(), interval);
  }

  /** Starts streaming. Rejects with SOURCE_UNAVAILABLE, SOURCE_SETUP, SOURCE_POSITION_LOST. */
  static async open(settings: ConnectionSettings, options: ReplicationOptions): Promise<Replication> {
    const doing = `streaming from the replication slot ${options.slot}`;
    const client = await connect(settings, { ...options.session, replication: true });
    const wire = new Wire(client, options.bufferBytes);
    try {
      wire.query(startCommand(options));
      await awaitStart(wire, options.silenceMs);
    } catch (error) {
      await wire.close();
      throw toMillraceError(error, doing);
    }
    return new Replication(wire, options);
  }

  get frames(): Frames {
    return this.#wire.frames;
  }

  /** Throws the error that has ended the stream, if any. Called when no complete message is buffered. */
  check(): void {
    if (this.#wire.failure !== undefined) throw toMillraceError(this.#wire.failure, 'streaming changes');
  }

  /** Handles a message that is not CopyData. */
  handleMessage(frames: Frames): void {
    if (frames.type === ERROR)
      throw toMillraceError(readErrorResponse(frames.bytes, frames.start, frames.end), 'streaming changes');
    if (frames.type === COPY_DONE)
      throw new MillraceError('SOURCE_UNAVAILABLE', 'the server has ended the replication stream');
    // Notices and parameters are ignored.
  }

  /** Resumes reading and waits for data. */
  wait(ms: number): Promise<void> {
    this.#wire.resume();
    return this.#wire.wait(ms);
  }

  /** Reads until `until` resolves, COLLECT_MS have passed or COLLECT_BYTES are buffered. */
  collect(until: Promise<void>): Promise<void> {
    return this.#wire.collect(COLLECT_MS, COLLECT_BYTES, until);
  }

  interrupt(): void {
    this.#wire.interrupt();
  }

  advanceReceived(lsn: Lsn): void {
    if (lsn > this.#received) this.#received = lsn;
  }

  /** All transactions that commit before `lsn` are committed to Kafka. */
  acknowledge(lsn: Lsn): void {
    if (lsn <= this.#flushed) return;
    this.#flushed = lsn;
    if (this.#pendingStatus !== undefined) return;
    const wait = this.#reportedAt + MIN_STATUS_INTERVAL_MS - performance.now();
    if (wait <= 0) this.#sendStatus();
    else this.#pendingStatus = setTimeout(() => this.#sendStatus(), wait);
  }

  /** Requests a keepalive, which contains the server's position. */
  requestReply(): void {
    this.#sendStatus(true);
  }

  /**
   * Requests a reply of a server that has sent nothing. Ticks are counted, not time: while this process is frozen, data
   * may have arrived unread.
   */
  #tick(): void {
    const { received, paused } = this.#wire;
    this.#silentCount = received === this.#lastReceivedBytes && !paused ? this.#silentCount + 1 : 0;
    this.#lastReceivedBytes = received;
    if (this.#silentCount > this.#silentTicks)
      this.#wire.destroy(
        new MillraceError(
          'SOURCE_UNAVAILABLE',
          `the server has sent nothing for ${this.#silenceMs / 1000} s, although it was requested to: it is frozen or cut off`,
        ),
      );
    else this.#sendStatus(this.#silentCount > 0);
  }

  /** Replies to a keepalive that requests it. */
  reply(): void {
    this.#sendStatus();
  }

  #sendStatus(asks = false): void {
    clearTimeout(this.#pendingStatus);
    this.#pendingStatus = undefined;
    this.#reportedAt = performance.now();
    this.#reported = this.#flushed;
    this.#wire.write(statusUpdate(maxLsn(this.#received, this.#flushed), this.#flushed, asks));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#pendingStatus);
    if (this.#reported !== this.#flushed) this.#sendStatus();
    await this.#wire.close(COPY_DONE_MESSAGE);
  }
}

const COPY_DONE_MESSAGE = Buffer.from([COPY_DONE, 0, 0, 0, 4]);

/** Standby status update, as CopyData. flushed: reported as flushed and as applied. */
function statusUpdate(received: Lsn, flushed: Lsn, asks: boolean): Buffer {
  const message = Buffer.alloc(STATUS_LENGTH);
  message[0] = COPY_DATA;
  message.writeUInt32BE(STATUS_LENGTH - 1, 1);
  message[5] = STATUS;
  writeUint64(message, 6, received);
  writeUint64(message, 14, flushed);
  writeUint64(message, 22, flushed);
  writeUint64(message, 30, Date.now() * 1000 - POSTGRES_EPOCH_MICROS);
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

/** Resolves when the server has started streaming. */
async function awaitStart(wire: Wire, silenceMs: number): Promise<void> {
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
      throw new MillraceError(
        'SOURCE_UNAVAILABLE',
        `the server has not started streaming within ${silenceMs / 1000} s`,
      );
    await wire.wait(left);
  }
}

/** The body of a keepalive: the LSN that the server has sent up to, and whether it requests a reply. */
export const readKeepalive = (bytes: Buffer, at: number): { readonly end: Lsn; readonly asks: boolean } => ({
  end: readLsn(bytes, at + 1),
  asks: bytes[at + 17] === 1,
});
