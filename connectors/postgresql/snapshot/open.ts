import { randomUUID } from 'node:crypto';
import type { Log } from '../../../src/api/index.ts';
import type { RecordBuilder } from '../../../src/cdc/record/record-builder.ts';
import { isComplete } from '../../../src/cdc/snapshot/chunk.ts';
import { Snapshot } from '../../../src/cdc/snapshot/snapshot.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { warnAboutOmittedColumns } from '../catalog/described-tables.ts';
import type { Relation, TableFacts } from '../catalog/relation.ts';
import { buildTable, type SchemaSettings } from '../catalog/table-schema.ts';
import type { PostgresConfig } from '../config/config.ts';
import { capturedTables } from '../config/settings.ts';
import type { LogIdentity } from '../position/log-identity.ts';
import type { Lsn } from '../position/lsn.ts';
import { position, type StreamPosition, serverPartition, snapshotOffset } from '../position/offsets.ts';
import { flushLog } from '../position/wal.ts';
import type { ConnectionSettings, ConnectOptions } from '../session/connection.ts';
import type { Sql } from '../session/sql.ts';
import { chunkPosition, type PostgresChunk, type StoredPostgresChunk } from './chunk.ts';
import { PostgresChunkReader } from './chunk-reader.ts';
import { planTable } from './plan-table.ts';
import { type ChunkedTable, SeenFilter } from './seen-filter.ts';
import { tableChanges } from './table-changes.ts';
import { type PostgresTableProgress, type PostgresTableVersion, tableVersion } from './table-version.ts';
import { chunksInOrder } from './unread-ranges.ts';

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
  /** Position at which the stream begins after it. */
  readonly position: StreamPosition;
  /** Id of an interrupted snapshot; null for a new one. */
  readonly id: string | null;
  readonly stored: readonly StoredPostgresChunk[];
  readonly maxBatchBytes: number;
  readonly log: Log;
  /** Called when a batch is committed in Kafka. */
  committed(): void;
}

/** Large enough to be worth a transaction, small enough to be held in memory several times. */
const CHUNK_BYTES = 4 << 20;

export type PostgresSnapshot = Snapshot<PostgresTableVersion, PostgresChunk>;

/** Plans the snapshot: all tables, or the rest of an interrupted one. */
export async function openSnapshot(options: OpenSnapshot): Promise<PostgresSnapshot> {
  const { config, sql, catalog, schemas, stored } = options;
  const { tables, chunks } = await planTables(options);
  const server = config['topic.prefix'];
  const id = options.id ?? randomUUID();
  const micros = Date.now() * 1000;
  const chunkBytes = Math.min(options.maxBatchBytes, CHUNK_BYTES);
  const captured = capturedTables(config);
  return new Snapshot({
    server,
    id,
    threads: config['snapshot.max.threads'],
    chunkBytes,
    tables,
    fresh: chunks.length === 0,
    stored: chunks,
    stale: stored.filter(chunk => !chunks.includes(chunk)).map(chunk => chunk.partition),
    log: options.log,
    committed: () => options.committed(),
    createReader: () =>
      new PostgresChunkReader({
        connection: options.connection,
        options: options.session,
        names: schemas.names,
        builder: options.builder,
        chunkBytes,
        lockTimeoutMs: config['snapshot.lock.timeout.ms'],
        tableVersion: catalog.tableVersion,
        flush: lsn => flushLog(sql, lsn),
      }),
    chunkPosition: chunk => chunkPosition(server, id, chunk),
    statePosition: completed =>
      position(serverPartition(server), snapshotOffset(options.position, options.identity, { id, completed, micros })),
    changes: tableChanges(catalog, async oid => {
      const facts = await catalog.table(oid);
      if (facts === undefined || !captured(facts.schema, facts.table)) return undefined;
      return describe(catalog, facts, schemas);
    }),
  });
}

/** The tables to read, and the stored chunks that count. */
async function planTables(options: OpenSnapshot) {
  const { config, catalog, schemas } = options;
  const byTable = Map.groupBy(
    options.stored.filter(chunk => chunk.id === options.id),
    chunk => chunk.table,
  );
  const tables: PostgresTableProgress[] = [];
  const chunks: StoredPostgresChunk[] = [];
  for (const facts of options.tables) {
    const version = await describe(catalog, facts, schemas);
    warnAboutOmittedColumns(version.table, options.log);
    const { id } = version.table;
    const override = config.overrides.get(id) ?? null;
    const plan = await planTable(options, version, override, byTable.get(id) ?? []);
    tables.push(plan.progress);
    chunks.push(...plan.chunks);
    byTable.delete(id);
  }
  // Chunks of tables that are not captured any more count if the table was read completely.
  for (const others of byTable.values()) if (isComplete(others)) chunks.push(...others);
  return { tables, chunks };
}

/** The current version of a table. Its columns have the order of a SELECT of the columns in records. */
async function describe(catalog: Catalog, facts: TableFacts, schemas: SchemaSettings): Promise<PostgresTableVersion> {
  const relation = relationOf(facts);
  const types = await catalog.types(relation.columns.map(column => column.type));
  const table = buildTable(relation, facts, types, schemas);
  const fields = table.row.fields.map((field, column) => ({ ...field, column }));
  return tableVersion({ ...table, row: { schema: table.row.schema, fields } }, facts);
}

/** The published columns of the table, as a Relation message of the server describes them. */
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

/** null: the stream has passed all chunks. */
export async function seenFilter(sql: Sql, chunks: readonly StoredPostgresChunk[]): Promise<SeenFilter | null> {
  if (chunks.length === 0) return null;
  const chunked = new Map<string, ChunkedTable>();
  for (const [id, ofTable] of Map.groupBy(chunks, chunk => chunk.table)) {
    const key = ofTable[0]?.identity.key ?? null;
    chunked.set(id, { key, chunks: key === null ? ofTable : await chunksInOrder(sql, key, ofTable) });
  }
  return new SeenFilter(sql, chunked);
}
