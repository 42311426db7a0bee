import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Longest wait for the answer to a request that a running server answers at once. */
const probeTimeoutMs = 2_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Parses host:port, also `[::1]:9092`. */
export function parseAddress(address: string): Address {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** Returns true when a process listens at the address, host:port. */
export function isListening(address: string): Promise<boolean> {
  return exchange(address, undefined).then(answer => answer !== undefined);
}

/**
 * Returns true when a broker takes part in its cluster; its port may be open before that. Requests the cluster's metadata
 * without any topic (Metadata v4: https://kafka.apache.org/protocol#The_Messages_Metadata) and counts the brokers.
 */
export async function isKafkaReady(address: string): Promise<boolean> {
  const client = 'millrace';
  const request = Buffer.alloc(4 + 8 + 2 + client.length + 5);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(3, 4);
  request.writeInt16BE(4, 6);
  request.writeInt16BE(client.length, 12);
  request.write(client, 14);
  const answer = await exchange(address, request);
  // length, correlation id, throttle time, number of brokers
  return answer !== undefined && answer.length >= 16 && answer.readInt32BE(12) > 0;
}

/** Returns the first bytes of the answer; empty without a request; undefined when no server answers. */
function exchange(address: string, request: Buffer | undefined): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const socket = connect({ ...parseAddress(address), timeout: probeTimeoutMs });
    const done = (answer: Buffer | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('error', () => done(undefined));
    socket.once('timeout', () => done(undefined));
    socket.once('close', () => done(undefined));
    socket.once('connect', () => (request === undefined ? done(Buffer.alloc(0)) : socket.write(request)));
    socket.once('data', done);
  });
}

/**
 * Returns true when Temporal's namespace `default` has these search attributes, which the development server registers
 * last. One gRPC call (OperatorService.ListSearchAttributes), without loading a client library.
 */
export async function isTemporalReady(address: string, searchAttributes: readonly string[]): Promise<boolean> {
  const session = connectHttp2(`http://${address}`);
  try {
    return await new Promise<boolean>(resolve => {
      session.once('error', () => resolve(false));
      session.setTimeout(probeTimeoutMs, () => resolve(false));
      const call = session.request({
        ':method': 'POST',
        ':path': '/temporal.api.operatorservice.v1.OperatorService/ListSearchAttributes',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let status: unknown;
      call.once('trailers', trailers => {
        status = trailers['grpc-status'];
      });
      call.once('error', () => resolve(false));
      text(call).then(
        answer => resolve(status === '0' && searchAttributes.every(name => answer.includes(name))),
        () => resolve(false),
      );
      // A gRPC message: the flag for no compression, its length, then field 1 (namespace) as a string.
      const namespace = Buffer.from('default');
      call.end(Buffer.concat([Buffer.from([0, 0, 0, 0, namespace.length + 2, 0x0a, namespace.length]), namespace]));
    });
  } finally {
    session.destroy();
  }
}

/** Returns true when Elasticsearch's cluster is at least yellow: every primary shard is available. */
export async function isElasticsearchReady(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${address}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** Returns PostgreSQL's wal_level; undefined when it does not take queries. */
export async function readWalLevel(url: string): Promise<string | undefined> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: probeTimeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ wal_level: string }>('SHOW wal_level');
    return rows[0]?.wal_level;
  } catch {
    return undefined;
  } finally {
    await client.end();
  }
}

/** Returns true when MariaDB or MySQL takes queries. */
export async function isMariadbReady(url: string): Promise<boolean> {
  const { createConnection } = await import('mysql2');
  const connection = createConnection({ uri: url, connectTimeout: probeTimeoutMs });
  // A frozen server accepts the connection and sends nothing.
  const timer = setTimeout(() => connection.destroy(), probeTimeoutMs);
  try {
    return await new Promise<boolean>(resolve => {
      connection.on('error', () => resolve(false));
      connection.on('end', () => resolve(false));
      setTimeout(() => resolve(false), probeTimeoutMs).unref();
      connection.query('SELECT 1', error => resolve(error === null));
    });
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}
