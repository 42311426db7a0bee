import { randomUUID } from 'node:crypto';
import type { Log } from '../../../src/api/index.ts';
import type { RecordBuilder } from '../../../src/cdc/record/record-builder.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { warnOfOmitted } from '../catalog/described-tables.ts';
import type { Relation, TableFacts } from '../catalog/relation.ts';
import { buildTable, type SchemaSettings } from '../catalog/table-schema.ts';
import type { PostgresConfig } from '../config.ts';
import type { LogIdentity } from '../position/log-identity.ts';
import type { Lsn } from '../position/lsn.ts';
import type { StreamPosition } from '../position/offsets.ts';
import { flushLog } from '../position/wal.ts';
import type { ConnectionSettings, ConnectOptions } from '../session/connection.ts';
import type { Sql } from '../session/sql.ts';
import { capturedTables } from '../settings.ts';
import type { StoredChunk } from './chunk.ts';
import { planTable } from './plan-table.ts';
import { type ChunkedTable, SeenFilter } from './seen-filter.ts';
import { Snapshot } from './snapshot.ts';
import { chunksInOrder, isComplete, type TableProgress, type TableVersion, tableVersion } from './table-progress.ts';

export interface OpenSnapshot {
  readonly config: PostgresConfig;
  readonly sql: Sql;
  readonly catalog: Catalog;
  readonly builder: RecordBuilder<Lsn>;
  readonly session: ConnectOptions;
  readonly identity: LogIdentity;
  readonly connection: ConnectionSettings;
  readonly schemas: SchemaSettings;
  readonly tables: readonly TableFacts[];
  /** Where the stream begins after it. */
  readonly position: StreamPosition;
  /** Of an interrupted snapshot, null for a new one. */
  readonly id: string | null;
  readonly stored: readonly StoredChunk[];
  readonly maxBatchBytes: number;
  readonly log: Log;
}

/** A chunk is large enough to be worth its transaction, and small enough to be held in memory a few times. */
const CHUNK_BYTES = 4 << 20;

/** Plans what is to be read: everything, or what an interrupted snapshot has left. */
export async function openSnapshot(options: OpenSnapshot): Promise<Snapshot> {
  const { config, sql, catalog, schemas, tables, stored } = options;
  const mine = Map.groupBy(
    stored.filter(chunk => chunk.id === options.id),
    chunk => chunk.table,
  );
  const captured = capturedTables(config);
  const works: TableProgress[] = [];
  const valid: StoredChunk[] = [];
  for (const facts of tables) {
    const version = await describe(catalog, facts, schemas);
    warnOfOmitted(version.table, options.log);
    const { id } = version.table;
    const override = config.overrides.get(id) ?? null;
    const { work, chunks } = await planTable(options, version, override, mine.get(id) ?? []);
    works.push(work);
    valid.push(...chunks);
    mine.delete(id);
  }
  // Tables that are not read any more: where something of one is missing, what there is says nothing.
  for (const chunks of mine.values()) if (isComplete(chunks)) valid.push(...chunks);
  return new Snapshot({
    server: config['topic.prefix'],
    id: options.id ?? randomUUID(),
    position: options.position,
    identity: options.identity,
    micros: Date.now() * 1000,
    threads: config['snapshot.max.threads'],
    tables: works,
    fresh: valid.length === 0,
    stored: valid,
    stale: stored.filter(chunk => !valid.includes(chunk)).map(chunk => chunk.partition),
    log: options.log,
    reader: {
      connection: options.connection,
      options: options.session,
      names: schemas.names,
      builder: options.builder,
      chunkBytes: Math.min(options.maxBatchBytes, CHUNK_BYTES),
      lockTimeoutMs: config['snapshot.lock.timeout.ms'],
      tableVersion: catalog.tableVersion,
      flush: lsn => flushLog(sql, lsn),
    },
    catalog,
    async describe(oid) {
      const facts = await catalog.table(oid);
      if (facts === undefined || !captured(facts.schema, facts.table)) return undefined;
      return describe(catalog, facts, schemas);
    },
  });
}

/** The table's own version of now. Its columns are where a SELECT has them, which has just those that are in records. */
async function describe(catalog: Catalog, facts: TableFacts, schemas: SchemaSettings): Promise<TableVersion> {
  const relation = relationOf(facts);
  const types = await catalog.types(relation.columns.map(column => column.type));
  const table = buildTable(relation, facts, types, schemas);
  const fields = table.row.fields.map((field, column) => ({ ...field, column }));
  return tableVersion({ ...table, row: { schema: table.row.schema, fields } }, facts);
}

/** The table as a Relation message of the server would describe it: its published columns. */
function relationOf(facts: TableFacts): Relation {
  const identity =
    facts.replicaIdentity === 'd'
      ? facts.indexes.find(index => index.primary)
      : facts.indexes.find(index => index.identity);
  const inIdentity = (name: string) => facts.replicaIdentity === 'f' || identity?.columns.includes(name) === true;
  const list = facts.publication?.columns ?? null;
  const columns = facts.columns.filter(({ name }) => list === null || list.includes(name));
  return { ...facts, columns: columns.map(column => ({ ...column, identity: inIdentity(column.name) })) };
}

/** null: there are no chunks that the stream has not passed. */
export async function seenFilter(sql: Sql, chunks: readonly StoredChunk[]): Promise<SeenFilter | null> {
  if (chunks.length === 0) return null;
  const chunked = new Map<string, ChunkedTable>();
  for (const [id, ofTable] of Map.groupBy(chunks, chunk => chunk.table)) {
    const key = ofTable[0]?.identity.key ?? null;
    chunked.set(id, { key, chunks: key === null ? ofTable : await chunksInOrder(sql, key, ofTable) });
  }
  return new SeenFilter(sql, chunked);
}
