import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Milliseconds that a server may take to answer a question that takes none. */
const patience = 2_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** host:port, also `[::1]:9092`. */
export function parseAddress(address: string): Address {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** Whether something listens there. */
export function listens(address: string): Promise<boolean> {
  return exchange(address, undefined).then(answer => answer !== undefined);
}

/**
 * Whether a broker takes part in its cluster: its port may be open before that. Asks for the cluster's metadata without
 * any topic (Metadata v4: https://kafka.apache.org/protocol#The_Messages_Metadata) and counts the brokers in the answer.
 */
export async function kafkaAnswers(address: string): Promise<boolean> {
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

/** Resolves to the first bytes of the answer; empty when nothing was asked; undefined when nobody answers. */
function exchange(address: string, request: Buffer | undefined): Promise<Buffer | undefined> {
  return new Promise(resolve => {
    const socket = connect({ ...parseAddress(address), timeout: patience });
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
 * Whether Temporal's namespace `default` is there with these search attributes, which the development server registers
 * last: one gRPC call (OperatorService.ListSearchAttributes), without the weight of a client.
 */
export async function temporalAnswers(address: string, searchAttributes: readonly string[]): Promise<boolean> {
  const session = connectHttp2(`http://${address}`);
  try {
    return await new Promise<boolean>(resolve => {
      session.once('error', () => resolve(false));
      session.setTimeout(patience, () => resolve(false));
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
      // A gRPC message: not compressed, its length, then field 1 (namespace) as a string.
      const namespace = Buffer.from('default');
      call.end(Buffer.concat([Buffer.from([0, 0, 0, 0, namespace.length + 2, 0x0a, namespace.length]), namespace]));
    });
  } finally {
    session.destroy();
  }
}

/** Whether Elasticsearch has found itself together, shards of earlier documents included. */
export async function elasticsearchAnswers(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${address}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(patience),
    });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** Whether PostgreSQL takes queries; where it does, its wal_level. */
export async function postgresAnswers(url: string): Promise<string | undefined> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: patience });
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

/** Whether MariaDB or MySQL takes queries. */
export async function mariadbAnswers(url: string): Promise<boolean> {
  const { createConnection } = await import('mysql2');
  const connection = createConnection({ uri: url, connectTimeout: patience });
  // A server that is frozen takes the connection, and then says nothing.
  const timer = setTimeout(() => connection.destroy(), patience);
  try {
    return await new Promise<boolean>(resolve => {
      connection.on('error', () => resolve(false));
      connection.on('end', () => resolve(false));
      setTimeout(() => resolve(false), patience).unref();
      connection.query('SELECT 1', error => resolve(error === null));
    });
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}
