import type { ByteWriter, Struct, StructSchema, Value } from '../../src/api/index.ts';
import { schemaOf, structOf } from '../../src/api/index.ts';
import {
  type ChangeSource,
  type SnapshotMarker,
  type SourceTable,
  toMillis,
} from '../../src/cdc/record/change-source.ts';
import { writeUint } from '../../src/data/json/json-text.ts';
import { SemanticType } from '../../src/debezium/semantic-type.ts';
import type { Lsn } from './position/lsn.ts';
import { VERSION } from './version.ts';

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
      name: SemanticType.Enum,
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

/** Names that are the same in all records of a connector. */
export interface SourceIdentity {
  /** topic.prefix */
  readonly name: string;
  readonly db: string;
}

export const sourceText = (schema: string, table: string): Uint8Array =>
  Buffer.from(`${JSON.stringify(schema)},"table":${JSON.stringify(table)},"txId":`);

export interface PostgresSourceOptions {
  readonly names: SourceIdentity;
  /** null: a logical decoding message outside of transactions. */
  readonly txId: number | null;
  /** Microseconds since 1970: of the commit, or of the chunk's snapshot. */
  readonly micros: number;
  /** First element of `sequence`: see StreamPosition; null in snapshots. */
  readonly previousCommit: Lsn | null;
  /** Replication origin of the transaction, and its LSN there. */
  readonly replicationOrigin?: string | null;
  readonly replicationOriginLsn?: Lsn | null;
}

const NO_ORIGIN = Buffer.from(',"xmin":null,"origin":null,"origin_lsn":null}');

/** The `source` block of PostgreSQL's changes. */
export class PostgresSource implements ChangeSource<Lsn> {
  readonly txId: number | null;
  readonly micros: number;
  readonly names: SourceIdentity;
  readonly replicationOrigin: string | null;
  readonly replicationOriginLsn: Lsn | null;
  readonly #previous: string;
  #marker: SnapshotMarker | undefined;
  #head: Uint8Array = NO_ORIGIN;
  #middle: Uint8Array | undefined;
  #txText: Uint8Array = NO_ORIGIN;
  #end: Uint8Array = NO_ORIGIN;

  constructor(options: PostgresSourceOptions) {
    this.txId = options.txId;
    this.micros = options.micros;
    this.replicationOrigin = options.replicationOrigin ?? null;
    this.replicationOriginLsn = options.replicationOriginLsn ?? null;
    this.names = options.names;
    this.#previous = options.previousCommit === null ? 'null' : `"${options.previousCommit}"`;
  }

  sequence(lsn: Lsn): string {
    return `[${this.#previous},"${lsn}"]`;
  }

  transactionId(lsn: Lsn): string | null {
    return this.txId === null ? null : `${this.txId}:${lsn}`;
  }

  struct(table: SourceTable, lsn: Lsn, marker: SnapshotMarker): Struct {
    return new SourceStruct(this, table, lsn, marker);
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

  /** The text before the LSN in `sequence`. */
  #headOf(marker: SnapshotMarker): Uint8Array {
    const { name, db } = this.names;
    this.#marker = marker;
    return Buffer.from(
      `{"version":"${VERSION}","connector":"postgresql","name":${JSON.stringify(name)},"ts_ms":${toMillis(this.micros)},` +
        `"snapshot":"${marker}","db":${JSON.stringify(db)},"sequence":"[${this.#previous.replaceAll('"', '\\"')},\\"`,
    );
  }

  #prepare(): Uint8Array {
    this.#txText = Buffer.from(`${this.txId ?? 'null'},"lsn":`, 'latin1');
    if (this.replicationOrigin !== null)
      this.#end = Buffer.from(
        `,"xmin":null,"origin":${JSON.stringify(this.replicationOrigin)},"origin_lsn":${this.replicationOriginLsn ?? 'null'}}`,
      );
    return Buffer.from(`\\"]","ts_us":${this.micros},"ts_ns":${this.micros}000,"schema":`, 'latin1');
  }
}

/** The `source` block as a struct, for converters and transforms that read its fields. */
class SourceStruct implements Struct {
  readonly schema = sourceSchema;
  readonly #source: PostgresSource;
  readonly #table: SourceTable;
  readonly #lsn: Lsn;
  readonly #marker: SnapshotMarker;

  constructor(source: PostgresSource, table: SourceTable, lsn: Lsn, marker: SnapshotMarker) {
    this.#source = source;
    this.#table = table;
    this.#lsn = lsn;
    this.#marker = marker;
  }

  at(i: number): Value {
    const { micros, txId, names, replicationOrigin, replicationOriginLsn } = this.#source;
    switch (i) {
      case 0:
        return VERSION;
      case 1:
        return 'postgresql';
      case 2:
        return names.name;
      case 3:
        return BigInt(toMillis(micros));
      case 4:
        return this.#marker;
      case 5:
        return names.db;
      case 6:
        return this.#source.sequence(this.#lsn);
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
        return replicationOrigin;
      case 15:
        return replicationOriginLsn === null ? null : BigInt(replicationOriginLsn);
      default:
        return null;
    }
  }

  json(out: ByteWriter): void {
    this.#source.write(out, this.#table, this.#lsn, this.#marker);
  }
}
