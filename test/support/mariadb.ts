import { type Connection, createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { inject } from 'vitest';
import { type PostgresServer, serversInEnvironment } from '../setup/addresses.ts';
import { uniqueName } from './topic.ts';

/** Address of the test MariaDB. */
export function mariadbServer(): PostgresServer {
  const { mariadb } = { ...inject('stack'), ...serversInEnvironment() };
  if (mariadb === undefined)
    throw new Error('no MariaDB: run the tests through vitest.config.ts, or set MILLRACE_TEST_MARIADB');
  return mariadb;
}

/** A database for one test on the test MariaDB: `await using db = await createMariadb('orders')`. */
export interface MariadbDatabase extends AsyncDisposable {
  readonly name: string;
  readonly server: PostgresServer;
  query(sql: string, values?: readonly unknown[]): Promise<RowDataPacket[]>;
  /** Opens another session; it ends with the database. */
  session(): Promise<Connection>;
  drop(): Promise<void>;
}

export async function createMariadb(prefix: string, server = mariadbServer()): Promise<MariadbDatabase> {
  const name = uniqueName(prefix);
  const { host, port, user, password } = server;
  const first = await createConnection({ host, port, user, password, timezone: 'Z' });
  const sessions = [first];
  await first.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await first.query(`USE ${name}`);
  await first.query("SET time_zone = '+00:00'");
  async function drop(): Promise<void> {
    // Open sessions of a test may hold locks.
    await Promise.all(sessions.slice(1).map(session => session.destroy()));
    await first.query(`DROP DATABASE ${name}`);
    await first.end();
  }
  return {
    name,
    server,
    query: async (sql, values) => {
      const [rows] = await first.query<RowDataPacket[] | ResultSetHeader>(sql, values as unknown[]);
      return Array.isArray(rows) ? rows : [];
    },
    async session() {
      const session = await createConnection({ host, port, user, password, database: name, timezone: 'Z' });
      await session.query("SET time_zone = '+00:00'");
      sessions.push(session);
      return session;
    },
    drop,
    [Symbol.asyncDispose]: drop,
  };
}
