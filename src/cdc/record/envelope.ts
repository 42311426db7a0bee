import type { ByteWriter, Struct, StructSchema, Value } from '../../api/index.ts';
import { schemaOf, structOf } from '../../api/index.ts';
import { type ChangeSource, type SnapshotMarker, type SourceTable, toMillis } from './change-source.ts';
import type { ReadTime } from './read-time.ts';
import type { RowStruct } from './row-struct.ts';
import {
  type TransactionMember,
  type TransactionOrder,
  transactionBlock,
  transactionStruct,
} from './transaction-block.ts';

/** create, update, delete, read (snapshot), truncate. */
export type Operation = 'c' | 'u' | 'd' | 'r' | 't';

const long = schemaOf('int64', { optional: true });

/** row: optional, and the same object as the schema of the rows. source: schema of the connector's `source` block. */
export function envelopeSchema(row: StructSchema, source: StructSchema, name: string): StructSchema {
  return structOf(
    {
      before: row,
      after: row,
      source,
      transaction: transactionBlock,
      op: schemaOf('string'),
      ts_ms: long,
      ts_us: long,
      ts_ns: long,
    },
    { name, version: 2 },
  );
}

const BEFORE_NULL = Buffer.from('{"before":null,"after":');
const BEFORE = Buffer.from('{"before":');
const AFTER = Buffer.from(',"after":');
const NULL = Buffer.from('null');
const SOURCE = Buffer.from(',"source":');
const TRANSACTION = Buffer.from(',"transaction":');
const OPERATION: Readonly<Record<Operation, Uint8Array>> = {
  c: Buffer.from(',"op":"c"'),
  u: Buffer.from(',"op":"u"'),
  d: Buffer.from(',"op":"d"'),
  r: Buffer.from(',"op":"r"'),
  t: Buffer.from(',"op":"t"'),
};
const NO_TRANSACTION: Readonly<Record<Operation, Uint8Array>> = {
  c: Buffer.from(',"transaction":null,"op":"c"'),
  u: Buffer.from(',"transaction":null,"op":"u"'),
  d: Buffer.from(',"transaction":null,"op":"d"'),
  r: Buffer.from(',"transaction":null,"op":"r"'),
  t: Buffer.from(',"transaction":null,"op":"t"'),
};

/** The part of a table that the envelopes of its changes share. */
export interface EnvelopeTable extends SourceTable {
  readonly envelope: StructSchema;
}

/** A change as Debezium's envelope. */
export class Envelope<P = unknown> implements Struct, TransactionMember {
  readonly schema: StructSchema;
  readonly table: EnvelopeTable;
  readonly op: Operation;
  readonly before: RowStruct | null;
  readonly after: RowStruct | null;
  readonly source: ChangeSource<P>;
  readonly position: P;
  readonly readTime: ReadTime;
  /** Final once the envelope has left the connector. */
  marker: SnapshotMarker;
  order: TransactionOrder | null = null;

  constructor(
    table: EnvelopeTable,
    op: Operation,
    before: RowStruct | null,
    after: RowStruct | null,
    source: ChangeSource<P>,
    position: P,
    readTime: ReadTime,
  ) {
    this.schema = table.envelope;
    this.table = table;
    this.op = op;
    this.before = before;
    this.after = after;
    this.source = source;
    this.position = position;
    this.readTime = readTime;
    this.marker = op === 'r' ? 'true' : 'false';
  }

  get transactionId(): string | null {
    return this.source.transactionId(this.position);
  }

  get collection(): string {
    return `${this.table.schema}.${this.table.name}`;
  }

  at(i: number): Value {
    switch (i) {
      case 0:
        return this.before;
      case 1:
        return this.after;
      case 2:
        return this.source.struct(this.table, this.position, this.marker);
      case 3:
        return transactionStruct(this.order);
      case 4:
        return this.op;
      case 5:
        return BigInt(toMillis(this.readTime.micros));
      case 6:
        return BigInt(this.readTime.micros);
      case 7:
        return BigInt(this.readTime.micros) * 1000n;
      default:
        return null;
    }
  }

  json(out: ByteWriter): void {
    if (this.before === null) out.raw(BEFORE_NULL);
    else {
      out.raw(BEFORE);
      this.before.json(out);
      out.raw(AFTER);
    }
    if (this.after === null) out.raw(NULL);
    else this.after.json(out);
    out.raw(SOURCE);
    this.source.write(out, this.table, this.position, this.marker);
    if (this.order === null) out.raw(NO_TRANSACTION[this.op]);
    else {
      const { id, total, inCollection } = this.order;
      out.raw(TRANSACTION);
      out.ascii(`{"id":"${id}","total_order":${total},"data_collection_order":${inCollection}}`);
      out.raw(OPERATION[this.op]);
    }
    out.raw(this.readTime.text);
  }
}
