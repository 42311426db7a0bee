import type { ByteWriter, Struct, StructSchema, Value } from '../../src/api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import type { Tick } from './clock.ts';
import type { Lsn } from './lsn.ts';
import type { RowStruct } from './row-struct.ts';
import {
  millis,
  type Origin,
  type SnapshotMarker,
  type SourceNames,
  SourceStruct,
  type SourceTable,
  sourceSchema,
} from './source-info.ts';

/** create, update, delete, read (snapshot), truncate. */
export type Operation = 'c' | 'u' | 'd' | 'r' | 't';

/** The `transaction` block, where `provide.transaction.metadata` is on. */
export const transactionBlock: StructSchema = structOf(
  { id: schemaOf('string'), total_order: schemaOf('int64'), data_collection_order: schemaOf('int64') },
  { optional: true, name: 'event.block', version: 1 },
);

export interface TransactionOrder {
  readonly id: string;
  readonly total: number;
  readonly inTable: number;
}

const long = schemaOf('int64', { optional: true });

/** row: optional, and the very schema that the rows have. */
export function envelopeSchema(row: StructSchema, name: string): StructSchema {
  return structOf(
    {
      before: row,
      after: row,
      source: sourceSchema,
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

/** What the changes of one table share. */
export interface EnvelopeTable extends SourceTable {
  readonly envelope: StructSchema;
  readonly names: SourceNames;
}

/** A change as Debezium's envelope. */
export class Envelope implements Struct {
  readonly schema: StructSchema;
  readonly table: EnvelopeTable;
  readonly op: Operation;
  readonly before: RowStruct | null;
  readonly after: RowStruct | null;
  readonly origin: Origin;
  readonly lsn: Lsn;
  readonly tick: Tick;
  /** Settled before the envelope is handed out. */
  marker: SnapshotMarker;
  order: TransactionOrder | null = null;

  constructor(
    table: EnvelopeTable,
    op: Operation,
    before: RowStruct | null,
    after: RowStruct | null,
    origin: Origin,
    lsn: Lsn,
    tick: Tick,
  ) {
    this.schema = table.envelope;
    this.table = table;
    this.op = op;
    this.before = before;
    this.after = after;
    this.origin = origin;
    this.lsn = lsn;
    this.tick = tick;
    this.marker = op === 'r' ? 'true' : 'false';
  }

  at(i: number): Value {
    switch (i) {
      case 0:
        return this.before;
      case 1:
        return this.after;
      case 2:
        return new SourceStruct(this.table.names, this.origin, this.table, this.lsn, this.marker);
      case 3:
        return this.#block();
      case 4:
        return this.op;
      case 5:
        return BigInt(millis(this.tick.micros));
      case 6:
        return BigInt(this.tick.micros);
      case 7:
        return BigInt(this.tick.micros) * 1000n;
      default:
        return null;
    }
  }

  #block(): Value {
    if (this.order === null) return null;
    const { id, total, inTable } = this.order;
    return new ValueStruct(transactionBlock, [id, BigInt(total), BigInt(inTable)]);
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
    this.origin.write(out, this.table, this.lsn, this.marker);
    if (this.order === null) out.raw(NO_TRANSACTION[this.op]);
    else {
      const { id, total, inTable } = this.order;
      out.raw(TRANSACTION);
      out.ascii(`{"id":"${id}","total_order":${total},"data_collection_order":${inTable}}`);
      out.raw(OPERATION[this.op]);
    }
    out.raw(this.tick.text);
  }
}
