import pg from 'pg';
import { eventually } from './eventually.ts';
import { type PostgresServer, servers } from './servers.ts';
import { uniqueName } from './topic.ts';

/** A database for one test on a PostgreSQL test server: `await using db = await createDatabase('orders')`. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  readonly connection: PostgresServer & { readonly database: string };
  /** postgres://user:password@host:port/name */
  readonly url: string;
  readonly pool: pg.Pool;
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** A connection outside the pool; ended with the database at the latest. */
  client(): Promise<pg.Client>;
  /** Ends all connections, drops the replication slots of this database, then the database. */
  drop(): Promise<void>;
}

export async function createDatabase(
  prefix: string,
  server: PostgresServer = servers().postgres,
): Promise<TestDatabase> {
  const name = uniqueName(prefix);
  await asAdministrator(server, admin => admin.query(`CREATE DATABASE ${name}`));
  const connection = { ...server, database: name };
  const pool = new pg.Pool({ ...connection, max: 8 });
  // A restart of the server cuts idle connections; that must not fail the test.
  pool.on('error', () => undefined);
  const clients: pg.Client[] = [];

  async function drop(): Promise<void> {
    await Promise.all([pool.end(), ...clients.map(client => client.end())]);
    await asAdministrator(server, admin => dropDatabase(admin, name));
  }

  return {
    name,
    connection,
    url: databaseUrl(connection),
    pool,
    query: async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      (await pool.query<Row>(sql, values)).rows,
    async client() {
      const client = new pg.Client(connection);
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    },
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  await eventually(`the replication slots of ${name} are dropped`, async () => {
    await admin.query(
      'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active_pid IS NOT NULL',
      [name],
    );
    await admin.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = $1', [
      name,
    ]);
    return true;
  });
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function asAdministrator<T>(server: PostgresServer, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ ...server, database: 'postgres' });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function databaseUrl({ host, port, user, password, database }: TestDatabase['connection']): string {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}
