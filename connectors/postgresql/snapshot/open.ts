import { randomUUID } from 'node:crypto';
import type { Log } from '../../../src/api/index.ts';
import type { Catalog } from '../catalog.ts';
import type { PostgresConfig } from '../config.ts';
import type { ConnectionSettings, ConnectOptions } from '../connection.ts';
import { warnOfOmitted } from '../described-tables.ts';
import type { LogIdentity } from '../log-identity.ts';
import type { StreamPosition } from '../offsets.ts';
import type { RecordMaker } from '../records.ts';
import type { Relation, TableFacts } from '../relation.ts';
import type { Sql } from '../sql.ts';
import { buildTable, type SchemaSettings, type Table } from '../table-schema.ts';
import { flushLog } from '../wal.ts';
import type { StoredChunk } from './chunk.ts';
import { SeenFilter } from './seen-filter.ts';
import { Snapshot } from './snapshot.ts';
import { chunksInOrder, TableWork, unread, walkKey } from './table-work.ts';

export interface OpenSnapshot {
  readonly config: PostgresConfig;
  readonly sql: Sql;
  readonly catalog: Catalog;
  readonly maker: RecordMaker;
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
  const mine = stored.filter(chunk => chunk.id === options.id);
  const works: TableWork[] = [];
  for (const facts of tables) {
    const table = await snapshotTable(catalog, facts, schemas);
    warnOfOmitted(table, options.log);
    const done = mine.filter(chunk => chunk.table === table.id);
    const key = table.walk === null ? null : walkKey(facts);
    const override = config.overrides.get(table.id) ?? null;
    works.push(new TableWork(table, facts, override, await unread(sql, key, done), done));
  }
  return new Snapshot({
    server: config['topic.prefix'],
    id: options.id ?? randomUUID(),
    position: options.position,
    identity: options.identity,
    micros: Date.now() * 1000,
    threads: config['snapshot.max.threads'],
    works,
    fresh: mine.length === 0,
    stored: mine,
    stale: stored.filter(chunk => chunk.id !== options.id).map(chunk => chunk.partition),
    log: options.log,
    reader: {
      connection: options.connection,
      options: options.session,
      names: schemas.names,
      maker: options.maker,
      chunkBytes: Math.min(options.maxBatchBytes, CHUNK_BYTES),
      lockTimeoutMs: config['snapshot.lock.timeout.ms'],
      flush: lsn => flushLog(sql, lsn),
    },
    async renew(work) {
      const facts = await catalog.table(work.facts.oid);
      if (facts === undefined) return false;
      work.renew(await snapshotTable(catalog, facts, schemas), facts);
      return true;
    },
  });
}

/** As the stream's own table, but for where the columns are: a SELECT has just those that are in records. */
async function snapshotTable(catalog: Catalog, facts: TableFacts, schemas: SchemaSettings): Promise<Table> {
  const relation = relationOf(facts);
  const types = await catalog.types(relation.columns.map(column => column.type));
  const table = buildTable(relation, facts, types, schemas);
  const fields = table.row.fields.map((field, column) => ({ ...field, column }));
  return { ...table, row: { schema: table.row.schema, fields } };
}

/** What the server would say of the table in a Relation message. */
function relationOf(facts: TableFacts): Relation {
  const identity =
    facts.replicaIdentity === 'd'
      ? facts.indexes.find(index => index.primary)
      : facts.indexes.find(index => index.identity);
  const inIdentity = (name: string) => facts.replicaIdentity === 'f' || identity?.columns.includes(name) === true;
  return { ...facts, columns: facts.columns.map(column => ({ ...column, identity: inIdentity(column.name) })) };
}

/** null: there are no chunks that the stream has not passed. */
export async function seenFilter(
  sql: Sql,
  tables: readonly TableFacts[],
  chunks: readonly StoredChunk[],
): Promise<SeenFilter | null> {
  if (chunks.length === 0) return null;
  const byTable = Map.groupBy(chunks, chunk => chunk.table);
  const chunked = new Map<string, { key: ReturnType<typeof walkKey>; chunks: readonly StoredChunk[] }>();
  for (const [id, ofTable] of byTable) {
    const facts = tables.find(({ schema, table }) => `${schema}.${table}` === id);
    const key = facts === undefined ? null : walkKey(facts);
    chunked.set(id, { key, chunks: key === null ? ofTable : await chunksInOrder(sql, key, ofTable) });
  }
  return new SeenFilter(sql, chunked);
}
