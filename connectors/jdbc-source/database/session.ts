import type { PrimitiveSchema } from '../../../src/api/index.ts';
import type { TableId } from '../tables/table-id.ts';
import type { Cells, Decode } from '../values/row.ts';

/** A column of a table or of a query's result. */
export interface Column {
  readonly name: string;
  readonly schema: PrimitiveSchema;
  readonly decode: Decode;
  /** Kind of time that the column holds: local date and time, instant or day; null for other columns. */
  readonly timeKind: TimeKind | null;
  /** True if the column holds microseconds; otherwise times are compared by whole seconds. */
  readonly hasMicroseconds: boolean;
  readonly autoIncrement: boolean;
}
export type TimeKind = 'local' | 'instant' | 'day';

/** A table, or a query's result. */
export type Relation =
  | { readonly kind: 'table'; readonly table: TableId }
  | { readonly kind: 'query'; readonly sql: string };

/** Rows of one query. The session runs nothing else until the cursor is closed. */
export interface Cursor {
  /** Rejects with a MillraceError: SOURCE_SETUP if the statement returns no rows. */
  columns(): Promise<readonly Column[]>;
  /** The next rows, up to `rows`; [] at the end. Rejects with a MillraceError. */
  next(rows: number): Promise<readonly Cells[]>;
  /** May close the session if rows are left: see `isClosed`. */
  close(): Promise<void>;
}

/** Transactions that must end before all rows below an upper bound are visible. */
export interface Watermark {
  /** PostgreSQL: a transaction id above those of all open transactions. Empty for MySQL, which has no such order. */
  readonly id: string;
  /** Server time, milliseconds since 1970. */
  readonly serverMs: number;
  /** performance.now() when the watermark was taken. */
  readonly takenAt: number;
}

/** A session with a database, and its SQL dialect. Not for concurrent use. */
export interface Session {
  /** True if the session has ended. */
  readonly isClosed: boolean;
  /** Warning if the connection is not verified by default; otherwise undefined. */
  readonly tlsWarning: string | undefined;
  /** An identifier in SQL, quoted if configured. */
  quote(name: string): string;
  /** Text of a position as a literal that can be compared with a column of this kind. */
  literal(text: string, timeKind: TimeKind): string;
  /** Expression that distinguishes rows. row: the alias of the relation. */
  hash(row: string, columns: readonly Column[]): string;
  tables(filter: TableScope): Promise<readonly TableId[]>;
  columns(relation: Relation, source: string): Promise<readonly Column[]>;
  query(operation: string, sql: string): Promise<readonly Cells[]>;
  /** mayWrite: the statement is configured by the user and may call functions that write; it commits at its end. */
  open(operation: string, sql: string, options: { readonly mayWrite: boolean }): Promise<Cursor>;
  /** Takes a watermark. maximum: SQL of a value to read before it, or null. */
  takeWatermark(maximum: string | null): Promise<{ readonly watermark: Watermark; readonly maximum: string | null }>;
  /**
   * True if every transaction has ended that was open at the watermark and may still add rows below the upper bound.
   * timesUntil: the bound is this time (milliseconds since 1970); null: the bound is a number.
   */
  isSettled(watermark: Watermark, timesUntil: number | null): Promise<boolean>;
  /** Closes the socket immediately. Idempotent. */
  destroy(): void;
  close(): Promise<void>;
}

export interface TableScope {
  readonly catalogPattern: string | null;
  readonly schemaPattern: string | null;
  readonly types: readonly string[];
}
