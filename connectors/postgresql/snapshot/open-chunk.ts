import type { SourceRecord } from '../../../src/api/index.ts';
import { readTimeNow } from '../../../src/cdc/record/read-time.ts';
import type { ChangeSite, RecordBuilder } from '../../../src/cdc/record/record-builder.ts';
import { ColumnOffsets, IS_NULL, RowStruct } from '../../../src/cdc/record/row-struct.ts';
import type { Bound } from '../../../src/cdc/snapshot/chunk.ts';
import type { ReadChunk } from '../../../src/cdc/snapshot/chunk-reader.ts';
import type { Claim } from '../../../src/cdc/snapshot/table-progress.ts';
import { MillraceError } from '../../../src/errors.ts';
import { type Lsn, parseLsn, readInt32, readUint16, recordEnd, ZERO_LSN } from '../position/lsn.ts';
import { rowTexts } from '../session/row-reader.ts';
import { PostgresSource, type SourceIdentity } from '../source-info.ts';
import type { PostgresChunk } from './chunk.ts';
import { fieldsOf, keyText } from './key-text.ts';
import type { PostgresTableProgress, PostgresTableVersion } from './table-version.ts';
import { parseVisibility } from './visibility.ts';

export type ReadPostgresChunk = ReadChunk<PostgresTableVersion, PostgresChunk>;
export type PostgresClaim = Claim<PostgresTableVersion>;

export interface OpenChunkSettings {
  readonly names: SourceIdentity;
  readonly builder: RecordBuilder<Lsn>;
}

/** Collects the rows of a chunk. */
export class OpenChunk {
  readonly table: PostgresTableProgress;
  readonly #version: PostgresTableVersion;
  readonly #epoch: number;
  readonly #settings: OpenChunkSettings;
  readonly #offsets = new ColumnOffsets();
  #lo: Bound | null;
  #site: ChangeSite<Lsn> | undefined;
  #snapshot = '';
  #lsn = ZERO_LSN;
  #records: SourceRecord[] = [];
  #last: RowStruct | undefined;
  #lastCtid = '';
  bytes = 0;
  rows = 0;
  /** Rows of the last FETCH. */
  fetched = 0;
  changed = false;

  constructor(table: PostgresTableProgress, { version, epoch, range }: PostgresClaim, settings: OpenChunkSettings) {
    this.table = table;
    this.#version = version;
    this.#epoch = epoch;
    this.#lo = range.lo;
    this.#settings = settings;
  }

  row(result: number, bytes: Buffer, start: number, end: number): void {
    if (this.#site === undefined && result === 0) this.#begin(rowTexts(bytes, start));
    else this.#data(bytes, start, end);
  }

  #begin([snapshot, lsn, micros, version]: (string | null)[]): void {
    const { table } = this;
    this.changed = version !== this.#version.facts.version;
    // After an interruption, the chunk keeps what the first transaction saw.
    this.#snapshot = table.interrupted?.snapshot ?? String(snapshot);
    const readAt = recordEnd(parseLsn(String(lsn)));
    this.#lsn = table.interrupted?.lsn ?? readAt;
    const source = new PostgresSource({
      names: this.#settings.names,
      txId: parseVisibility(String(snapshot)).xmax % 2 ** 32,
      micros: Number(micros),
      previousCommit: null,
    });
    this.#site = { table: this.#version.table, source, position: readAt, readTime: readTimeNow() };
  }

  #data(bytes: Buffer, start: number, end: number): void {
    const site = this.#site as ChangeSite<Lsn>;
    const columns = readUint16(bytes, start);
    const base = this.#offsets.take(columns);
    const { page } = this.#offsets;
    let at = start + 2;
    for (let place = base, stop = base + columns * 2; place < stop; place += 2) {
      const length = readInt32(bytes, at);
      at += 4;
      if (length < 0) page[place] = IS_NULL;
      else {
        page[place] = at;
        at += length;
        page[place + 1] = at;
      }
    }
    this.fetched++;
    this.rows++;
    this.bytes += end - start;
    const row = new RowStruct(site.table.row, bytes, page, base, null);
    this.#last = row;
    if (columns > site.table.row.fields.length)
      this.#lastCtid = bytes.toString('latin1', page[base + columns * 2 - 2], page[base + columns * 2 - 1]);
    this.#records.push(this.#settings.builder.read(site, row));
  }

  /** Returns the rows since the last call as a chunk. hi: end of its range; undefined: the key of its last row. */
  take(hi: Bound | null | undefined): ReadPostgresChunk {
    const { table } = this;
    const end = hi === undefined ? this.#reached() : hi;
    const chunk: PostgresChunk = {
      table: this.#version.table.id,
      number: table.nextNumber(),
      identity: this.#version.identity,
      lo: this.#lo,
      hi: end,
      snapshot: this.#snapshot,
      visibility: parseVisibility(this.#snapshot),
      lsn: this.#lsn,
      rows: this.rows,
      again: table.again,
    };
    const read = { table, epoch: this.#epoch, chunk, records: this.#records, bytes: this.bytes, tail: end === null };
    this.#lo = end;
    this.#records = [];
    this.bytes = 0;
    this.rows = 0;
    return read;
  }

  /** The key of the last row. */
  #reached(): Bound {
    const row = this.#last as RowStruct;
    const { identity } = this.#version;
    if (identity.key === null) {
      if (this.table.override === null) return [this.#lastCtid];
      throw new MillraceError(
        'SOURCE_SETUP',
        `table ${this.table.id} has no primary key, and what snapshot.select.statement.overrides selects of it is more ` +
          'than can be read at once: give it a primary key',
      );
    }
    return keyText(fieldsOf(this.#version.table, identity.key) ?? [], row) ?? [];
  }
}
