import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { codes } from '../../src/kafka/failures.ts';
import { FieldReader, FieldWriter } from '../../src/kafka/protocol/fields.ts';

/**
 * Action of the proxy on a request:
 * - `drop request`: closes the connection; the request never reaches the broker;
 * - `drop answer`: forwards the request, discards the answer and closes the connection;
 * - `late`: closes the connection, and forwards the request 300 ms later;
 * - `silence`: discards the request; the connection stays open;
 * - `not leader` (Produce): answers NOT_LEADER_OR_FOLLOWER, like a broker that does not know yet that it leads the partitions;
 * - `forbidden` (DescribeConfigs): answers TOPIC_AUTHORIZATION_FAILED;
 * - `pretend` (AddPartitionsToTxn): answers success without forwarding the request.
 */
export type RequestAction =
  | 'pass'
  | 'drop request'
  | 'drop answer'
  | 'late'
  | 'silence'
  | 'not leader'
  | 'forbidden'
  | 'pretend';

/**
 * An unreliable network between a client and one broker; metadata contains the proxy's address. Accepts any SASL PLAIN
 * login.
 */
export interface KafkaProxy extends AsyncDisposable {
  /** host:port */
  readonly address: string;
  /** Actions for the next requests of an API, in order; later requests pass. */
  setNextActions(apiKey: number, ...fates: RequestAction[]): void;
  /** Action for every request of an API from now on. */
  setAction(apiKey: number, fate: RequestAction): void;
  /** API keys that a user sent requests of; undefined if the user never logged in. */
  apiKeysOf(user: string): ReadonlySet<number> | undefined;
  /** Number of received requests of an API. */
  requestCount(apiKey: number): number;
  /** Discards all data in both directions from now on; connections stay open. */
  cut(): void;
  /** Resets the connections that were cut; new ones work. */
  restore(): void;
  /** Resolves when every late request has been delivered. */
  allDelivered(): Promise<void>;
}

const METADATA = 3;
const FIND_COORDINATOR = 10;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const LATE_MS = 300;

export async function startKafkaProxy(broker: string): Promise<KafkaProxy> {
  const [host = '', port = ''] = broker.split(':');
  const sockets = new Set<Socket>();
  const late = new Set<Promise<unknown>>();
  const nextActions = new Map<number, RequestAction[]>();
  const defaultActions = new Map<number, RequestAction>();
  const counts = new Map<number, number>();
  const users = new Map<string, Set<number>>();

  const severed = new Set<Socket>();
  const clients = new Set<Socket>();
  let isCut = false;

  const server = createServer(client => {
    clients.add(client);
    client.on('close', () => clients.delete(client) && severed.delete(client));
    const upstream = connect(Number(port), host);
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    let isDelayed = false;
    let user: string | undefined;
    if (isCut) severed.add(client);
    client.on('close', () => isDelayed || upstream.destroy());
    upstream.on('close', () => client.destroy());
    const requests = new Map<number, { apiKey: number; fate: RequestAction }>();
    onFrames(client, frame => {
      if (severed.has(client)) return;
      const apiKey = frame.readInt16BE(4);
      counts.set(apiKey, (counts.get(apiKey) ?? 0) + 1);
      if (apiKey === SASL_HANDSHAKE) return void client.write(mechanismsAnswer(frame));
      if (apiKey === SASL_AUTHENTICATE) {
        user = userOf(frame);
        users.set(user, users.get(user) ?? new Set());
        return void client.write(loginAnswer(frame));
      }
      if (user !== undefined) users.get(user)?.add(apiKey);
      const fate = nextActions.get(apiKey)?.shift() ?? defaultActions.get(apiKey) ?? 'pass';
      requests.set(frame.readInt32BE(8), { apiKey, fate });
      if (fate === 'drop request') cut();
      else if (fate === 'not leader') client.write(notLeaderAnswer(frame));
      else if (fate === 'forbidden') client.write(configsForbiddenAnswer(frame));
      else if (fate === 'pretend') client.write(partitionsAddedAnswer(frame));
      else if (fate === 'late') {
        isDelayed = true;
        client.destroy();
        const delivery: Promise<unknown> = after(LATE_MS)
          .then(() => {
            upstream.write(frame);
            return once(upstream, 'data');
          })
          .then(() => upstream.destroy())
          .finally(() => late.delete(delivery));
        late.add(delivery);
      } else if (fate !== 'silence') upstream.write(frame);
    });
    onFrames(upstream, frame => {
      if (severed.has(client)) return;
      const request = requests.get(frame.readInt32BE(4));
      if (request?.fate === 'drop answer') return cut();
      if (request?.apiKey === METADATA || request?.apiKey === FIND_COORDINATOR)
        replaceAddress(frame, host, Number(port), ownPort());
      client.write(frame);
    });
  });
  const ownPort = (): number => (server.address() as AddressInfo).port;
  await once(server.listen(0, '127.0.0.1'), 'listening');

  return {
    address: `127.0.0.1:${ownPort()}`,
    setNextActions: (apiKey, ...fates) => void nextActions.set(apiKey, [...(nextActions.get(apiKey) ?? []), ...fates]),
    setAction: (apiKey, fate) => void defaultActions.set(apiKey, fate),
    apiKeysOf: user => users.get(user),
    requestCount: apiKey => counts.get(apiKey) ?? 0,
    cut() {
      isCut = true;
      for (const client of clients) severed.add(client);
    },
    restore() {
      isCut = false;
      for (const client of severed) client.destroy();
    },
    allDelivered: async () => void (await Promise.all(late)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Answer to a SaslHandshake request: error_code [mechanisms] */
function mechanismsAnswer(frame: Buffer): Buffer {
  const answer = new FieldWriter().int32(header(frame).correlation).int16(codes.NONE);
  return toFrame(answer.array(['PLAIN'], name => answer.string(name)).take());
}

/** User of a SaslAuthenticate request: auth_bytes is authzid NUL user NUL password. */
function userOf(frame: Buffer): string {
  const { request } = header(frame);
  return request.slice(request.int32()).toString().split('\0')[1] ?? '';
}

/** Answer to a SaslAuthenticate request: error_code error_message auth_bytes, and session_lifetime_ms in version 1 */
function loginAnswer(frame: Buffer): Buffer {
  const answer = new FieldWriter().int32(header(frame).correlation).int16(codes.NONE).int16(-1).int32(0);
  return toFrame(frame.readInt16BE(6) === 0 ? answer.take() : answer.int64(0).take());
}

/** Successful answer to an AddPartitionsToTxn request of version 1. */
function partitionsAddedAnswer(frame: Buffer): Buffer {
  const { correlation, request } = header(frame);
  // transactional_id, producer_id, producer_epoch
  request.string();
  request.slice(10);
  const topics = request.array(() => ({
    name: request.string() ?? '',
    partitions: request.array(() => request.int32()),
  }));
  const answer = new FieldWriter().int32(correlation).int32(0);
  answer.array(topics, ({ name, partitions }) =>
    answer.string(name).array(partitions, index => answer.int32(index).int16(codes.NONE)),
  );
  return toFrame(answer.take());
}

/** Answer to a DescribeConfigs request of version 2 of a user without permission for the resources. */
function configsForbiddenAnswer(frame: Buffer): Buffer {
  const { correlation, request } = header(frame);
  const resources = request.array(() => {
    const type = request.slice(1);
    const name = request.string() ?? '';
    request.array(() => request.string());
    return { type, name };
  });
  // throttle_time_ms
  const answer = new FieldWriter().int32(correlation).int32(0);
  answer.array(resources, ({ type, name }) =>
    answer.int16(codes.TOPIC_AUTHORIZATION_FAILED).int16(-1).bytes(type).string(name).int32(0),
  );
  return toFrame(answer.take());
}

function header(frame: Buffer): { correlation: number; request: FieldReader } {
  const request = new FieldReader(frame);
  request.slice(8);
  const correlation = request.int32();
  request.string();
  return { correlation, request };
}

/** Answer to a Produce request of version 8 from a broker that leads none of the partitions. */
function notLeaderAnswer(frame: Buffer): Buffer {
  const { correlation, request } = header(frame);
  // transactional_id, acks, timeout_ms
  request.string();
  request.slice(6);
  const topics = request.array(() => ({
    name: request.string() ?? '',
    partitions: request.array(() => {
      const index = request.int32();
      request.slice(request.int32());
      return index;
    }),
  }));
  const answer = new FieldWriter();
  answer.int32(correlation).array(topics, ({ name, partitions }) =>
    answer.string(name).array(partitions, index =>
      // base_offset, log_append_time_ms, log_start_offset, record_errors, error_message
      answer.int32(index).int16(codes.NOT_LEADER_OR_FOLLOWER).int64(-1).int64(-1).int64(-1).int32(0).int16(-1),
    ),
  );
  return toFrame(answer.int32(0).take());
}

function toFrame(body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** Calls `take` with whole frames, including their size. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readInt32BE(0);
      if (rest.length < end) return;
      const frame = Buffer.from(rest.subarray(0, end));
      rest = rest.subarray(end);
      take(frame);
    }
  });
}

/** Replaces the broker's port in its address, which is a string and an int32. */
function replaceAddress(frame: Buffer, host: string, port: number, other: number): void {
  const name = Buffer.alloc(2 + host.length + 4);
  name.writeInt16BE(host.length, 0);
  name.write(host, 2);
  name.writeInt32BE(port, 2 + host.length);
  for (let at = frame.indexOf(name); at >= 0; at = frame.indexOf(name, at + name.length))
    frame.writeInt32BE(other, at + 2 + host.length);
}
