import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { startPostgres } from '../../src/stack/index.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { startNativePostgres } from '../../src/stack/servers/postgres.ts';
import { locatePostgres } from '../../src/stack/servers/postgres-program.ts';

const run = promisify(execFile);
type Server = Awaited<ReturnType<typeof startPostgres>>;

/** A native PostgreSQL server on a fixed port, whose files can be copied, restored, and used for a standby. */
export class PostgresFiles implements AsyncDisposable {
  readonly port: number;
  server: Server;
  #folder: string;
  readonly #folders = new Set<string>();

  private constructor(port: number, server: Server, folder: string) {
    this.port = port;
    this.server = server;
    this.#folder = folder;
    this.#folders.add(folder);
  }

  static async start(): Promise<PostgresFiles> {
    const port = await freePort();
    const folder = await newFolder();
    return new PostgresFiles(port, await startIn(folder, port), folder);
  }

  /** Rows of a statement, on a session of its own. */
  async query<Row extends pg.QueryResultRow>(sql: string, port = this.port): Promise<Row[]> {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Stops the server, sets the next object id and starts it again. */
  async nextObjectId(id: number): Promise<void> {
    const { bin, user } = await locatedPostgres();
    await this.server.stop();
    await run(join(bin, 'pg_resetwal'), ['-o', String(id), join(this.#folder, 'data')], { ...user });
    this.server = await startIn(this.#folder, this.port);
  }

  /** Copies all files as a crash would leave them, and restarts the server. */
  async copy(): Promise<string> {
    await this.server.kill9();
    const folder = await this.#newFolder();
    await run('cp', ['-a', join(this.#folder, 'data'), join(folder, 'data')]);
    await this.server.restart();
    return folder;
  }

  /** Crashes the server and starts it from the copy. */
  restore(copy: string): Promise<void> {
    return this.#replace(copy);
  }

  /** A standby of this server on another port. */
  async standby(): Promise<Standby> {
    const folder = await this.copy();
    const primary = `primary_conninfo = 'host=127.0.0.1 port=${this.port} user=postgres'`;
    await appendFile(join(folder, 'data', 'postgresql.auto.conf'), `${primary}\n`);
    await writeFile(join(folder, 'data', 'standby.signal'), '');
    return { folder, server: await startIn(folder, await freePort()) };
  }

  /** Loses the server; the standby is promoted and takes over its port. */
  async failOver({ folder, server }: Standby): Promise<void> {
    await this.server.kill9();
    await this.query('SELECT pg_promote()', server.port);
    await server.kill9();
    await server.stop();
    await this.#replace(folder);
  }

  /** Replaces the server by a new one. */
  async replace(): Promise<void> {
    await this.#replace(await this.#newFolder());
  }

  async #replace(folder: string): Promise<void> {
    await this.server.kill9();
    await this.server.stop();
    this.#folder = folder;
    this.server = await startIn(folder, this.port);
  }

  async #newFolder(): Promise<string> {
    const folder = await newFolder();
    this.#folders.add(folder);
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }
}

export interface Standby {
  readonly folder: string;
  readonly server: Server;
}

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'millrace-files-'));

async function locatedPostgres() {
  const program = await locatePostgres();
  if (typeof program === 'string') throw new Error(program);
  return program;
}

const startIn = async (folder: string, port: number): Promise<Server> =>
  startNativePostgres(await locatedPostgres(), { dataDir: folder, port });
