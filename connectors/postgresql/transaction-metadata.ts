import type { SourceRecord } from '../../src/api/index.ts';
import { arrayOf, schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import { Envelope } from './envelope.ts';
import { MessageValue } from './logical-message.ts';
import type { Lsn } from './lsn.ts';
import { NO_HEADERS } from './records.ts';
import { millis } from './source-info.ts';

/** `provide.transaction.metadata`: the `transaction` block of each change, and the topic of BEGIN and END. */
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

/** Where among the records a transaction begins or ends. */
export interface Boundary {
  /** Index of the first record behind it. */
  at: number;
  readonly status: 'BEGIN' | 'END';
  readonly xid: number;
  readonly lsn: Lsn;
  readonly micros: number;
}

/** Numbers the changes of each transaction. Transactions without a change of ours leave no trace. */
export class TransactionMetadata {
  readonly #topic: string;
  #begin: Boundary | undefined;
  #begun = false;
  #total = 0;
  #counts = new Map<string, number>();

  constructor(topic: string) {
    this.#topic = topic;
  }

  /** The records with their order, and with those of BEGIN and END between them. */
  apply(records: readonly SourceRecord[], boundaries: readonly Boundary[]): SourceRecord[] {
    const result: SourceRecord[] = [];
    let next = 0;
    const pass = (at: number) => {
      for (; next < boundaries.length && (boundaries[next] as Boundary).at <= at; next++)
        this.#cross(boundaries[next] as Boundary, result);
    };
    for (const [i, record] of records.entries()) {
      pass(i);
      this.#number(record, result);
      result.push(record);
    }
    pass(records.length);
    return result;
  }

  #number({ value }: SourceRecord, result: SourceRecord[]): void {
    if (!(value instanceof Envelope || value instanceof MessageValue) || value.origin.txId === null) return;
    if (!this.#begun && this.#begin !== undefined) {
      this.#begun = true;
      result.push(this.#record(this.#begin, null, null));
    }
    const id = value instanceof Envelope ? `${value.table.schema}.${value.table.name}` : value.message.prefix;
    const inTable = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.set(id, inTable);
    this.#total++;
    value.order = { id: `${value.origin.txId}:${value.lsn}`, total: this.#total, inTable };
  }

  #cross(boundary: Boundary, result: SourceRecord[]): void {
    if (boundary.status === 'BEGIN') {
      this.#begin = boundary;
      return;
    }
    if (this.#begun) result.push(this.#record(boundary, this.#total, this.#counts));
    this.#begin = undefined;
    this.#begun = false;
    this.#total = 0;
    this.#counts = new Map();
  }

  #record(
    { status, xid, lsn, micros }: Boundary,
    total: number | null,
    counts: ReadonlyMap<string, number> | null,
  ): SourceRecord {
    const id = `${xid}:${lsn}`;
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
        BigInt(millis(micros)),
      ]),
      timestamp: null,
      headers: NO_HEADERS,
    };
  }
}
