import type { JdbcSourceConfig } from '../config/keys.ts';
import type { Column, Session } from '../database/session.ts';
import type { Zone } from '../values/time-zone.ts';
import type { RelationMetadata } from './relation-metadata.ts';

export interface ReaderContext {
  readonly config: JdbcSourceConfig;
  readonly zone: Zone;
  /** Approximate maximum number of bytes in a batch. */
  readonly maxBatchBytes: number;
  /** Reads the current metadata of the relation. */
  readMetadata(session: Session): Promise<RelationMetadata>;
  /** Query that runs unchanged; undefined for tables and other modes. */
  readonly bulkQuery: BulkQuery | undefined;
  warn(message: string): void;
}

/** A query of mode=bulk. */
export interface BulkQuery {
  readonly sql: string;
  metadataOf(session: Session, columns: readonly Column[]): RelationMetadata;
}
