import type { ByteWriter, Struct, StructSchema, Value } from '../../src/api/index.ts';
import { schemaOf, structOf } from '../../src/api/index.ts';
import { writeUint } from './json-text.ts';
import type { Lsn } from './lsn.ts';
import { VERSION } from './version.ts';

/** `source.snapshot` */
export type SnapshotMarker =
  | 'true'
  | 'first'
  | 'first_in_data_collection'
  | 'last_in_data_collection'
  | 'last'
  | 'false';

const optional = { optional: true };

/** The `source` block of every record. */
export const sourceSchema: StructSchema = structOf(
  {
    version: schemaOf('string'),
    connector: schemaOf('string'),
    name: schemaOf('string'),
    ts_ms: schemaOf('int64'),
    snapshot: schemaOf('string', {
      optional: true,
      name: 'io.debezium.data.Enum',
      version: 1,
      parameters: { allowed: 'true,first,first_in_data_collection,last_in_data_collection,last,false,incremental' },
      default: 'false',
    }),
    db: schemaOf('string'),
    sequence: schemaOf('string', optional),
    ts_us: schemaOf('int64', optional),
    ts_ns: schemaOf('int64', optional),
    schema: schemaOf('string'),
    table: schemaOf('string'),
    txId: schemaOf('int64', optional),
    lsn: schemaOf('int64', optional),
    xmin: schemaOf('int64', optional),
    origin: schemaOf('string', optional),
    origin_lsn: schemaOf('int64', optional),
  },
  { name: 'io.debezium.connector.postgresql.Source', version: 1 },
);

/** What is the same in every record of a connector. */
export interface SourceNames {
  /** topic.prefix */
  readonly name: string;
  readonly db: string;
}

/** The table of a record; '' and '' for a logical message. */
export interface SourceTable {
  readonly schema: string;
  readonly name: string;
  /** `"public","table":"orders","txId":` */
  readonly sourceText: Uint8Array;
}

export const sourceText = (schema: string, table: string): Uint8Array =>
  Buffer.from(`${JSON.stringify(schema)},"table":${JSON.stringify(table)},"txId":`);

/**
 * Where a change comes from: one object for all changes of a transaction, or for all rows of a chunk. It holds the
 * parts of the `source` text that are the same for all of them.
 */
export interface Origin {
  /** txid, or null where there is none (a logical message outside of transactions). */
  readonly txId: number | null;
  /** Microseconds since 1970: of the commit, or of the chunk's snapshot. */
  readonly micros: number;
  sequence(lsn: Lsn): string;
  write(out: ByteWriter, table: SourceTable, lsn: Lsn, marker: SnapshotMarker): void;
  /** Replication origin: name and LSN there. */
  readonly origin: string | null;
  readonly originLsn: Lsn | null;
}

export interface OriginOptions {
  readonly names: SourceNames;
  readonly txId: number | null;
  readonly micros: number;
  /** First element of `sequence`: see StreamPosition; null in snapshots. */
  readonly previousCommit: Lsn | null;
  readonly origin?: string | null;
  readonly originLsn?: Lsn | null;
}

const NO_ORIGIN = Buffer.from(',"xmin":null,"origin":null,"origin_lsn":null}');

class TextOrigin implements Origin {
  readonly txId: number | null;
  readonly micros: number;
  readonly origin: string | null;
  readonly originLsn: Lsn | null;
  readonly #names: SourceNames;
  readonly #previous: string;
  #marker: SnapshotMarker | undefined;
  #head: Uint8Array = NO_ORIGIN;
  #middle: Uint8Array | undefined;
  #txText: Uint8Array = NO_ORIGIN;
  #end: Uint8Array = NO_ORIGIN;

  constructor(options: OriginOptions) {
    this.txId = options.txId;
    this.micros = options.micros;
    this.origin = options.origin ?? null;
    this.originLsn = options.originLsn ?? null;
    this.#names = options.names;
    this.#previous = options.previousCommit === null ? 'null' : `"${options.previousCommit}"`;
  }

  sequence(lsn: Lsn): string {
    return `[${this.#previous},"${lsn}"]`;
  }

  write(out: ByteWriter, table: SourceTable, lsn: Lsn, marker: SnapshotMarker): void {
    if (this.#middle === undefined) this.#middle = this.#prepare();
    if (this.#marker !== marker) this.#head = this.#headOf(marker);
    out.raw(this.#head);
    writeUint(out, lsn);
    out.raw(this.#middle);
    out.raw(table.sourceText);
    out.raw(this.#txText);
    writeUint(out, lsn);
    out.raw(this.#end);
  }

  /** Up to the LSN in `sequence`. */
  #headOf(marker: SnapshotMarker): Uint8Array {
    const { name, db } = this.#names;
    this.#marker = marker;
    return Buffer.from(
      `{"version":"${VERSION}","connector":"postgresql","name":${JSON.stringify(name)},"ts_ms":${millis(this.micros)},` +
        `"snapshot":"${marker}","db":${JSON.stringify(db)},"sequence":"[${this.#previous.replaceAll('"', '\\"')},\\"`,
    );
  }

  #prepare(): Uint8Array {
    this.#txText = Buffer.from(`${this.txId ?? 'null'},"lsn":`, 'latin1');
    if (this.origin !== null)
      this.#end = Buffer.from(
        `,"xmin":null,"origin":${JSON.stringify(this.origin)},"origin_lsn":${this.originLsn ?? 'null'}}`,
      );
    return Buffer.from(`\\"]","ts_us":${this.micros},"ts_ns":${this.micros}000,"schema":`, 'latin1');
  }
}

export const createOrigin = (options: OriginOptions): Origin => new TextOrigin(options);

/** The `source` block as a struct, for converters and transforms that look into it. */
export class SourceStruct implements Struct {
  readonly schema = sourceSchema;
  readonly #names: SourceNames;
  readonly #origin: Origin;
  readonly #table: SourceTable;
  readonly #lsn: Lsn;
  readonly #marker: SnapshotMarker;

  constructor(names: SourceNames, origin: Origin, table: SourceTable, lsn: Lsn, marker: SnapshotMarker) {
    this.#names = names;
    this.#origin = origin;
    this.#table = table;
    this.#lsn = lsn;
    this.#marker = marker;
  }

  at(i: number): Value {
    const { micros, txId, origin, originLsn } = this.#origin;
    switch (i) {
      case 0:
        return VERSION;
      case 1:
        return 'postgresql';
      case 2:
        return this.#names.name;
      case 3:
        return BigInt(millis(micros));
      case 4:
        return this.#marker;
      case 5:
        return this.#names.db;
      case 6:
        return this.#origin.sequence(this.#lsn);
      case 7:
        return BigInt(micros);
      case 8:
        return BigInt(micros) * 1000n;
      case 9:
        return this.#table.schema;
      case 10:
        return this.#table.name;
      case 11:
        return txId === null ? null : BigInt(txId);
      case 12:
        return BigInt(this.#lsn);
      case 14:
        return origin;
      case 15:
        return originLsn === null ? null : BigInt(originLsn);
      default:
        return null;
    }
  }

  json(out: ByteWriter): void {
    this.#origin.write(out, this.#table, this.#lsn, this.#marker);
  }
}

export const millis = (micros: number): number => Math.floor(micros / 1000);
