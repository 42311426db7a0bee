import type { PrimitiveSchema } from '../../../src/api/index.ts';
import type { TableId } from '../tables/table-id.ts';
import type { Cells, Decode } from '../values/row.ts';

/** A column of a table or of a query's result. */
export interface Column {
  readonly name: string;
  readonly schema: PrimitiveSchema;
  readonly decode: Decode;
  /** What of time it holds: on a wall's clock, an instant, whole days; null where none. */
  readonly clock: Clock | null;
  /** Whether it holds fractions of a second that count: else times are compared by whole seconds. */
  readonly fine: boolean;
  readonly autoIncrement: boolean;
}
export type Clock = 'local' | 'instant' | 'day';

/** What is read: a table, or a query's result. */
export type Relation =
  | { readonly kind: 'table'; readonly table: TableId }
  | { readonly kind: 'query'; readonly sql: string };

/** Rows of one query, which is all that the session does until it is closed. */
export interface Cursor {
  /** Rejects with a MillraceError, SOURCE_SETUP where the statement returns no rows. */
  columns(): Promise<readonly Column[]>;
  /** The next rows, so many at most; [] at the end. Rejects with a MillraceError. */
  next(rows: number): Promise<readonly Cells[]>;
  /** Where rows are left over, this may be the end of the session: see `gone`. */
  close(): Promise<void>;
}

/** What must have ended before everything below a bound can be seen. */
export interface Mark {
  /** PostgreSQL: a transaction id behind all that are open; MySQL has no such order. */
  readonly id: string;
  /** The server's clock, milliseconds since 1970. */
  readonly serverMs: number;
  /** Of performance.now(), when it was taken. */
  readonly takenAt: number;
}

/** One session with a database, and its kind of SQL. Never used concurrently. */
export interface Session {
  /** Whether it has ended: another one is needed. */
  readonly gone: boolean;
  /** A sentence where the connection is not verified by default. */
  readonly tlsWarning: string | undefined;
  /** A table's name in SQL, and any other identifier's. */
  quote(name: string): string;
  /** Text of a position as a literal that compares with a column of this clock. */
  literal(text: string, clock: Clock): string;
  /** An expression that tells rows apart, of the columns of the relation that is called `row`. */
  hash(row: string, columns: readonly Column[]): string;
  tables(filter: TableScope): Promise<readonly TableId[]>;
  columns(relation: Relation, source: string): Promise<readonly Column[]>;
  query(doing: string, sql: string): Promise<readonly Cells[]>;
  /** mayWrite: the statement is the user's, which may call functions that write; it commits at its end. */
  open(doing: string, sql: string, options: { readonly mayWrite: boolean }): Promise<Cursor>;
  /** Takes a mark; `maximum` is the SQL of a value to read before it, or null. */
  mark(maximum: string | null): Promise<{ readonly mark: Mark; readonly maximum: string | null }>;
  /**
   * Whether every transaction that was open at the mark, and may still show rows below a bound that was taken with it,
   * has ended. `timesUntil`: rows count up to this time (milliseconds since 1970); null: they count by a number.
   */
  settled(mark: Mark, timesUntil: number | null): Promise<boolean>;
  /** Hangs up, whatever it is doing. Idempotent. */
  destroy(): void;
  close(): Promise<void>;
}

export interface TableScope {
  readonly catalogPattern: string | null;
  readonly schemaPattern: string | null;
  readonly types: readonly string[];
}
