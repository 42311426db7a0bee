import type { SourceRecord } from '../../api/index.ts';
import { arrayOf, schemaOf, structOf, ValueStruct } from '../../api/index.ts';
import { toMillis } from './change-source.ts';
import { NO_HEADERS } from './record-builder.ts';
import { isTransactionMember } from './transaction-block.ts';

const keySchema = structOf(
  { id: schemaOf('string') },
  { name: 'io.debezium.connector.common.TransactionMetadataKey', version: 1 },
);
const collectionSchema = structOf(
  { data_collection: schemaOf('string'), event_count: schemaOf('int64') },
  { optional: true, name: 'event.collection', version: 1 },
);
const valueSchema = structOf(
  {
    status: schemaOf('string'),
    id: schemaOf('string'),
    event_count: schemaOf('int64', { optional: true }),
    data_collections: arrayOf(collectionSchema, { optional: true }),
    ts_ms: schemaOf('int64'),
  },
  { name: 'io.debezium.connector.common.TransactionMetadataValue', version: 1 },
);

/** The beginning or the end of a transaction among records. */
export interface TransactionBoundary {
  /** Index of the first record after it. */
  index: number;
  readonly status: 'BEGIN' | 'END';
  /** Debezium's `transaction.id`: `txId:LSN` for PostgreSQL. */
  readonly id: string;
  /** Microseconds since 1970 of the commit. */
  readonly micros: number;
}

/**
 * `provide.transaction.metadata`: numbers the changes of each transaction and writes BEGIN and END records. Transactions
 * without captured changes have none.
 */
export class TransactionMetadata {
  readonly #topic: string;
  #begin: TransactionBoundary | undefined;
  #hasBegun = false;
  #total = 0;
  #counts = new Map<string, number>();

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** Returns the records with their order set, and with BEGIN and END records between them. */
  apply(records: readonly SourceRecord[], boundaries: readonly TransactionBoundary[]): SourceRecord[] {
    const result: SourceRecord[] = [];
    let next = 0;
    const crossUpTo = (index: number) => {
      for (; next < boundaries.length && (boundaries[next] as TransactionBoundary).index <= index; next++)
        this.#cross(boundaries[next] as TransactionBoundary, result);
    };
    for (const [i, record] of records.entries()) {
      crossUpTo(i);
      this.#number(record, result);
      result.push(record);
    }
    crossUpTo(records.length);
    return result;
  }

  #number({ value }: SourceRecord, result: SourceRecord[]): void {
    if (!isTransactionMember(value)) return;
    const id = value.transactionId;
    if (id === null) return;
    if (!this.#hasBegun && this.#begin !== undefined) {
      this.#hasBegun = true;
      result.push(this.#record(this.#begin, null, null));
    }
    const inCollection = (this.#counts.get(value.collection) ?? 0) + 1;
    this.#counts.set(value.collection, inCollection);
    this.#total++;
    value.order = { id, total: this.#total, inCollection };
  }

  #cross(boundary: TransactionBoundary, result: SourceRecord[]): void {
    if (boundary.status === 'BEGIN') {
      this.#begin = boundary;
      return;
    }
    if (this.#hasBegun) result.push(this.#record(boundary, this.#total, this.#counts));
    this.#begin = undefined;
    this.#hasBegun = false;
    this.#total = 0;
    this.#counts = new Map();
  }

  #record(
    { status, id, micros }: TransactionBoundary,
    total: number | null,
    counts: ReadonlyMap<string, number> | null,
  ): SourceRecord {
    const collections =
      counts && [...counts].map(([name, count]) => new ValueStruct(collectionSchema, [name, BigInt(count)]));
    return {
      topic: this.#topic,
      partition: null,
      keySchema,
      key: new ValueStruct(keySchema, [id]),
      valueSchema,
      value: new ValueStruct(valueSchema, [
        status,
        id,
        total === null ? null : BigInt(total),
        collections,
        BigInt(toMillis(micros)),
      ]),
      timestamp: null,
      headers: NO_HEADERS,
    };
  }
}
