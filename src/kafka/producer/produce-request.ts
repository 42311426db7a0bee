import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, ConnectionLost, codes, isRetriableError } from '../failures.ts';
import { FieldReader, FieldWriter } from '../protocol/fields.ts';
import { apis } from '../protocol/kafkajs-internals.ts';

/** A record batch to send. Its bytes, including the sequence number, are the same in each attempt. */
export interface OutgoingBatch {
  readonly pieces: readonly Buffer[];
  readonly size: number;
  state: 'waiting' | 'written' | Error;
}

/** Batches for one partition, in order. */
export interface OutgoingPartition {
  readonly topic: string;
  readonly partition: number;
  /** True: the producer has not written to the partition before. */
  readonly isFirstWrite: boolean;
  readonly batches: readonly OutgoingBatch[];
}

/** Kafka detects duplicates among the last five batches of a producer in a partition. */
const MAX_IN_FLIGHT = 5;
/** Well below socket.request.max.bytes (100 MiB), so that the broker processes one request while it receives the next. */
const REQUEST_BYTES = 8 * 1024 * 1024;

/**
 * Sends all batches once to the leaders; resolves when each has its result in `state`. A batch that is sent again after a lost
 * response is not written twice: Kafka recognizes its sequence number.
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
      const error = new BrokerError(codes.LEADER_NOT_AVAILABLE, partitionLabel(partition));
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
 * The error of the first batch of a partition that is not written; later batches failed because of it. Errors that are not
 * retriable come first. undefined: all batches are written.
 */
export function findFailure(partitions: readonly OutgoingPartition[]): Error | undefined {
  let retriable: Error | undefined;
  for (const { batches } of partitions) {
    const first = batches.find(({ state }) => state !== 'written');
    if (first === undefined) continue;
    const error = first.state instanceof Error ? first.state : new ConnectionLost('a record batch was not sent', false);
    if (!isRetriableError(error)) return error;
    retriable ??= error;
  }
  return retriable;
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
    else if (inFlight.size >= MAX_IN_FLIGHT) await Promise.race(inFlight);
    // The broker would reject batches after a failed one of their partition.
    const sendable = request.filter(({ partition, batch }) => isNext(partition, batch));
    if (sendable.length === 0) continue;
    const sending: Promise<void> = send(cluster, leader, transactionalId, sendable).finally(() =>
      inFlight.delete(sending),
    );
    inFlight.add(sending);
  }
  await Promise.all(inFlight);
}

interface Item {
  readonly partition: OutgoingPartition;
  readonly batch: OutgoingBatch;
}

/**
 * True for a batch that must wait for the first one of its partition. A partition accepts any sequence number from a new producer:
 * if the first batch failed with a retriable error and a later one were written, the first one could never be written.
 */
const waitsForFirst = ({ partition: { isFirstWrite: fresh, batches }, batch }: Item): boolean =>
  fresh && batch !== batches[0] && batches[0]?.state === 'waiting';

function isNext({ batches }: OutgoingPartition, batch: OutgoingBatch): boolean {
  for (const earlier of batches) {
    if (earlier === batch) return true;
    if (earlier.state instanceof Error) return false;
  }
  return false;
}

/** Splits the batches into requests with at most one batch per partition, as Kafka requires, in each partition's order. */
function* requests(partitions: readonly OutgoingPartition[]): Generator<readonly Item[]> {
  const queues = partitions.map(partition => {
    const batches = partition.batches.filter(({ state }) => state !== 'written');
    // Resets the results of an earlier attempt.
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
    // The leader's timeout for its followers must end, and be reported, before the request timeout.
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
  const fields = new FieldReader(payload);
  const byName = new Map(items.map(item => [partitionLabel(item.partition), item.batch]));
  fields.array(() => {
    const topic = fields.string() ?? '';
    fields.array(() => {
      const name = partitionLabel({ topic, partition: fields.int32() });
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
    if (batch.state === 'waiting') batch.state = new ConnectionLost(`the response does not contain ${name}`, true);
}

const partitionLabel = ({ topic, partition }: { topic: string; partition: number }): string =>
  `partition ${partition} of topic ${topic}`;
