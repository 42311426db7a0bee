import type { StructSchema, Value } from '../../api/index.ts';
import { schemaOf, structOf, ValueStruct } from '../../api/index.ts';

/** The `transaction` block, filled where `provide.transaction.metadata` is true. */
export const transactionBlock: StructSchema = structOf(
  { id: schemaOf('string'), total_order: schemaOf('int64'), data_collection_order: schemaOf('int64') },
  { optional: true, name: 'event.block', version: 1 },
);

/** The place of a change in its transaction, both counts from 1. */
export interface TransactionOrder {
  readonly id: string;
  /** Among all changes of the transaction. */
  readonly total: number;
  /** Among the changes of its table. */
  readonly inCollection: number;
}

/** The value of a record that may belong to a transaction. */
export interface TransactionMember {
  /** null: it belongs to none. */
  readonly transactionId: string | null;
  /** The table of the change, or the prefix of a message. */
  readonly collection: string;
  /** Set by TransactionMetadata. */
  order: TransactionOrder | null;
}

export const isTransactionMember = (value: Value): value is Value & TransactionMember =>
  typeof value === 'object' && value !== null && 'transactionId' in value;

export function transactionStruct(order: TransactionOrder | null): Value {
  if (order === null) return null;
  return new ValueStruct(transactionBlock, [order.id, BigInt(order.total), BigInt(order.inCollection)]);
}
