import type { ByteWriter, Struct } from '../../api/index.ts';

/** `source.snapshot` */
export type SnapshotMarker =
  | 'true'
  | 'first'
  | 'first_in_data_collection'
  | 'last_in_data_collection'
  | 'last'
  | 'false';

/** The table of a change; '' and '' for a record of no table. */
export interface SourceTable {
  readonly schema: string;
  readonly name: string;
  /** The table's part of the `source` block as JSON text, in the form of the connector. */
  readonly sourceText: Uint8Array;
}

/**
 * Origin of changes: one object for all changes of a transaction, or for all rows of a chunk. Writes the `source` block,
 * whose unchanging parts it holds as text. P: position of one change in the source's log.
 */
export interface ChangeSource<P> {
  /** The id of the transaction in `transaction.id`; null: the change is in no transaction. */
  transactionId(position: P): string | null;
  /** Appends the block as JsonConverter writes it with default settings. */
  write(out: ByteWriter, table: SourceTable, position: P, marker: SnapshotMarker): void;
  /** The same block as a struct, for converters and transforms. */
  struct(table: SourceTable, position: P, marker: SnapshotMarker): Struct;
}

/** Milliseconds of microseconds since 1970, rounded down. */
export const toMillis = (micros: number): number => Math.floor(micros / 1000);
