import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, ConnectionLost, codes, isPassing } from '../failures.ts';
import { Fields, FieldWriter } from '../protocol/fields.ts';
import { apis } from '../protocol/kafkajs-internals.ts';

/** A record batch on its way; its bytes, sequence number included, are the same however often it is sent. */
export interface Outgoing {
  readonly pieces: readonly Buffer[];
  readonly size: number;
  state: 'waiting' | 'written' | Error;
}

/** What one partition is sent, in order. */
export interface OutgoingPartition {
  readonly topic: string;
  readonly partition: number;
  /** The producer has written nothing to it yet. */
  readonly fresh: boolean;
  readonly batches: readonly Outgoing[];
}

/** Kafka remembers the last five batches of a producer in a partition, and so tells a repeated one from a new one. */
const MOST_IN_FLIGHT = 5;
/** Kafka takes 100 MiB (socket.request.max.bytes); smaller ones let it work while the next is sent. */
const REQUEST_BYTES = 8 * 1024 * 1024;
/**
 * Sends everything once to the leaders, and resolves when each batch has its outcome in `state`. A batch that is sent
 * again after a lost answer is not written twice: Kafka knows it by its sequence number.
 */
export async function sendOnce(
  cluster: Cluster,
  transactionalId: string,
  partitions: readonly OutgoingPartition[],
): Promise<void> {
  const byLeader = new Map<number, OutgoingPartition[]>();
  for (const partition of partitions) {
    const leader = cluster.leader(partition.topic, partition.partition);
    if (leader === undefined) {
      const error = new BrokerError(codes.LEADER_NOT_AVAILABLE, nameOfPartition(partition));
      for (const batch of partition.batches) if (batch.state !== 'written') batch.state = error;
    } else {
      const group = byLeader.get(leader);
      if (group) group.push(partition);
      else byLeader.set(leader, [partition]);
    }
  }
  await Promise.all([...byLeader].map(([leader, group]) => sendToLeader(cluster, leader, transactionalId, group)));
}

/**
 * The first batch of a partition that is not written decides: those behind it failed because of it, or count as written
 * by themselves.
 */
export function firstFailure(partitions: readonly OutgoingPartition[]): Error | undefined {
  let passing: Error | undefined;
  for (const { batches } of partitions) {
    const first = batches.find(({ state }) => state !== 'written');
    if (first === undefined) continue;
    const failed =
      first.state instanceof Error ? first.state : new ConnectionLost('a record batch was not sent', false);
    if (!isPassing(failed)) return failed;
    passing ??= failed;
  }
  return passing;
}

async function sendToLeader(
  cluster: Cluster,
  leader: number,
  transactionalId: string,
  partitions: readonly OutgoingPartition[],
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  for (const request of requests(partitions)) {
    if (request.some(waitsForFirst)) await Promise.all(inFlight);
    else if (inFlight.size >= MOST_IN_FLIGHT) await Promise.race(inFlight);
    // What stands behind a failed batch of its partition would only be refused.
    const wanted = request.filter(({ partition, batch }) => isNext(partition, batch));
    if (wanted.length === 0) continue;
    const sending: Promise<void> = send(cluster, leader, transactionalId, wanted).finally(() =>
      inFlight.delete(sending),
    );
    inFlight.add(sending);
  }
  await Promise.all(inFlight);
}

interface Item {
  readonly partition: OutgoingPartition;
  readonly batch: Outgoing;
}

/**
 * Of a producer that a partition does not know Kafka takes any sequence number: a batch that overtakes the first, where that
 * is refused for what passes, would be written, and the first never again.
 */
const waitsForFirst = ({ partition: { fresh, batches }, batch }: Item): boolean =>
  fresh && batch !== batches[0] && batches[0]?.state === 'waiting';

function isNext({ batches }: OutgoingPartition, batch: Outgoing): boolean {
  for (const earlier of batches) {
    if (earlier === batch) return true;
    if (earlier.state instanceof Error) return false;
  }
  return false;
}

/** Requests of one batch a partition at most, as Kafka wants it, each partition's batches in order. */
function* requests(partitions: readonly OutgoingPartition[]): Generator<readonly Item[]> {
  const queues = partitions.map(partition => {
    const batches = partition.batches.filter(({ state }) => state !== 'written');
    // Outcomes of an earlier attempt no longer count.
    for (const batch of batches) batch.state = 'waiting';
    return { partition, batches };
  });
  for (let n = 0; queues.some(({ batches }) => batches.length > n); n++) {
    let request: Item[] = [];
    let size = 0;
    for (const { partition, batches } of queues) {
      const batch = batches[n];
      if (batch === undefined) continue;
      if (size > 0 && size + batch.size > REQUEST_BYTES) {
        yield request;
        request = [];
        size = 0;
      }
      request.push({ partition, batch });
      size += batch.size;
    }
    if (request.length > 0) yield request;
  }
}

const [apiKey, apiVersion] = apis['Produce'] ?? [0, 8];

async function send(cluster: Cluster, leader: number, transactionalId: string, items: readonly Item[]): Promise<void> {
  try {
    const connection = await cluster.broker(leader);
    // The leader must give up waiting for its followers, and say so, before this side gives up waiting for the leader.
    const body = encode(transactionalId, Math.floor(cluster.requestTimeoutMs * 0.8), items);
    readResponse(await connection.send(apiKey, apiVersion, body), items);
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    for (const { batch } of items) if (batch.state !== 'written') batch.state = failure;
  }
}

/**
 * Produce Request (Version: 8) => transactional_id acks timeout_ms [topic_data]
 *   topic_data => name [partition_data]
 *     partition_data => index records
 */
function encode(transactionalId: string, ackTimeoutMs: number, items: readonly Item[]): Buffer[] {
  const topics = new Map<string, Item[]>();
  for (const item of items) {
    const list = topics.get(item.partition.topic);
    if (list) list.push(item);
    else topics.set(item.partition.topic, [item]);
  }
  const body: Buffer[] = [];
  const fields = new FieldWriter(256);
  fields.string(transactionalId).int16(-1).int32(ackTimeoutMs).int32(topics.size);
  for (const [topic, list] of topics) {
    fields.string(topic).int32(list.length);
    for (const { partition, batch } of list) {
      fields.int32(partition.partition).int32(batch.size);
      body.push(fields.take(), ...batch.pieces);
    }
  }
  return body;
}

/**
 * Produce Response (Version: 8) => [responses] throttle_time_ms
 *   responses => name [partition_responses]
 *     partition_responses => index error_code base_offset log_append_time_ms log_start_offset [record_errors] error_message
 *       record_errors => batch_index batch_index_error_message
 */
function readResponse(payload: Buffer, items: readonly Item[]): void {
  const fields = new Fields(payload);
  const byName = new Map(items.map(item => [nameOfPartition(item.partition), item.batch]));
  fields.array(() => {
    const topic = fields.string() ?? '';
    fields.array(() => {
      const name = nameOfPartition({ topic, partition: fields.int32() });
      const code = fields.int16();
      fields.slice(24);
      const records = fields.array(() => {
        fields.int32();
        return fields.string();
      });
      const message = fields.string() ?? records.find(text => text !== null);
      const batch = byName.get(name);
      if (batch === undefined) return;
      batch.state =
        code === codes.NONE || code === codes.DUPLICATE_SEQUENCE_NUMBER
          ? 'written'
          : new BrokerError(code, name, message);
    });
  });
  for (const [name, batch] of byName)
    if (batch.state === 'waiting') batch.state = new ConnectionLost(`the answer left out ${name}`, true);
}

const nameOfPartition = ({ topic, partition }: { topic: string; partition: number }): string =>
  `partition ${partition} of topic ${topic}`;
