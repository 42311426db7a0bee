import type { SourceConnector } from '../../../src/api/index.ts';

export type Props = Readonly<Record<string, string>>;

/** A source that captures changes of a database, and databases for it. */
export interface CdcSubject {
  readonly name: string;
  readonly connector: SourceConnector<unknown>;
  /** Creates an empty database on a test server. */
  createDatabase(): Promise<CdcDatabase>;
}

export interface CdcDatabase extends AsyncDisposable {
  /** Runs statements one after another, each committed by itself. SQL is what all databases of the suite accept. */
  run(...statements: readonly string[]): Promise<void>;
  /** Runs statements in one transaction. */
  transaction(...statements: readonly string[]): Promise<void>;
  /** Runs statements in a transaction that is rolled back. */
  rollback(...statements: readonly string[]): Promise<void>;
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Name of a table in SQL, and in the include and exclude lists. */
  quoted(name: string): string;
  pattern(table: string, column?: string): string;
  /** Configuration of a source of this database. */
  props(more?: Props): Props;
  topicOf(table: string): string;
  readonly heartbeatTopic: string;
  /** Removes what a stored position needs to resume: the rest of the log is lost. */
  loseHistory(): Promise<void>;
}
