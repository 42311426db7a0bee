import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import pg from 'pg';
import { externalServersFromEnvironment } from '../src/stack/external-servers.ts';
import { type Log, type Server, type ServerOf, startPostgres, startStack } from '../src/stack/index.ts';

/** Kafka, PostgreSQL and Temporal, shared by all subjects of a call. */
export interface Servers extends AsyncDisposable {
  readonly kafka: ServerOf['kafka'];
  readonly postgres: ServerOf['postgres'];
  readonly temporal: ServerOf['temporal'];
}

/** Settings of a database server for this work; the default of 128 MB is for a shared machine. */
const settings = { shared_buffers: '512MB', max_wal_size: '8GB', checkpoint_timeout: '30min' };

/** Starts the servers that the environment does not name; an external PostgreSQL keeps its settings. */
export async function startServers(log: Log): Promise<Servers> {
  const outcomes = await Promise.allSettled([
    startStack({ services: ['kafka', 'temporal'], log }),
    postgresServer(log),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(outcomes.map(outcome => outcome.status === 'fulfilled' && outcome.value.stop()));
  };
  const [others, postgres] = outcomes;
  if (others.status === 'fulfilled' && postgres.status === 'fulfilled') {
    const { kafka, temporal } = others.value;
    return { kafka, temporal, postgres: postgres.value, [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw outcomes.find(outcome => outcome.status === 'rejected')?.reason;
}

async function postgresServer(log: Log): Promise<ServerOf['postgres']> {
  if (externalServersFromEnvironment().postgres !== undefined)
    return (await startStack({ services: ['postgres'], log })).postgres;
  const server = await startPostgres({ log });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (const [name, value] of Object.entries(settings)) await client.query(`alter system set ${name} = '${value}'`);
  await client.end();
  await server.restart();
  return server;
}

/** Process of a server; for an external one, the process that listens on its port, if visible. */
export function processOf(server: Server): number | undefined {
  if (server.pid !== undefined || server.origin !== 'environment') return server.pid;
  const [host, port] = server.address.split(/:(?=\d+$)/);
  return host === '127.0.0.1' || host === 'localhost' ? listenerOn(Number(port)) : undefined;
}

/** Finds it by the socket's inode, which is in net/tcp and among the open files of a process (proc(5)). */
function listenerOn(port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'latin1').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(`:${hex}`) && state === listening) inodes.add(`socket:[${inode}]`);
    }
  }
  return processIds().find(pid => openFiles(pid).some(file => inodes.has(file)));
}

const processIds = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => a - b);

function openFiles(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}
