import type pg from 'pg';
import { readInt32, readUint16 } from '../position/lsn.ts';
import { readErrorResponse } from './failures.ts';
import { Wire } from './wire.ts';

const ROW_DESCRIPTION = 0x54;
const DATA_ROW = 0x44;
const ERROR = 0x45;
const READY = 0x5a;

/** Bytes of rows that may wait here while the event loop is elsewhere. */
const LIMIT = 1 << 20;

/** Rows of a SELECT as the server sends them: text, column by column, in DataRow messages (protocol 3.0). */
export interface RowConsumer {
  /** result: 0 for the rows of the first SELECT of the query, 1 for the second. False: enough. */
  row(result: number, bytes: Buffer, start: number, end: number): boolean;
}

/** Runs queries over a session of its own and hands out rows without making objects of them. */
export class RowReader {
  readonly client: pg.Client;
  readonly #wire: Wire;

  constructor(client: pg.Client) {
    this.client = client;
    this.#wire = new Wire(client, LIMIT);
  }

  /**
   * Runs statements, separated by semicolons, in one round trip. Answers false where the consumer had enough: the
   * session is then spent. Rejects with the server's error.
   */
  async run(sql: string, consumer: RowConsumer): Promise<boolean> {
    const wire = this.#wire;
    const { frames } = wire;
    let result = -1;
    let failure: Error | undefined;
    wire.query(sql);
    for (;;) {
      while (frames.next())
        switch (frames.type) {
          case ROW_DESCRIPTION:
            result++;
            break;
          case DATA_ROW:
            if (!consumer.row(result, frames.bytes, frames.start, frames.end)) {
              wire.destroy();
              return false;
            }
            break;
          case ERROR:
            failure ??= readErrorResponse(frames.bytes, frames.start, frames.end);
            break;
          case READY:
            if (failure !== undefined) throw failure;
            return true;
        }
      if (wire.failure !== undefined) throw failure ?? wire.failure;
      wire.resume();
      await wire.wait(60_000);
    }
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  destroy(): void {
    this.#wire.destroy();
  }
}

/** The columns of one row as text, null where they are. */
export function rowTexts(bytes: Buffer, start: number): (string | null)[] {
  const texts: (string | null)[] = [];
  let at = start + 2;
  for (let left = readUint16(bytes, start); left > 0; left--) {
    const length = readInt32(bytes, at);
    at += 4;
    texts.push(length < 0 ? null : bytes.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return texts;
}
