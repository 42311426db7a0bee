import type { TableVersion } from '../../../src/cdc/snapshot/table-progress.ts';
import { TableProgress } from '../../../src/cdc/snapshot/table-progress.ts';
import { chunkKey, type TableFacts } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';
import type { StoredPostgresChunk } from './chunk.ts';
import { identityOf, type TableIdentity } from './table-identity.ts';

/** A version of a table, and the key in whose order it is read. */
export interface PostgresTableVersion extends TableVersion {
  readonly table: Table;
  readonly facts: TableFacts;
  readonly identity: TableIdentity;
}

export function tableVersion(table: Table, facts: TableFacts): PostgresTableVersion {
  const key = chunkKey(facts, new Set(table.row.fields.map(({ name }) => name)));
  return { table, facts, identity: identityOf(facts, key), hasKey: key !== null, expectedRows: facts.rows };
}

export class PostgresTableProgress extends TableProgress<PostgresTableVersion, StoredPostgresChunk> {}
