import type { Json, PositionReader, SourceOffset, SourcePartition, SourcePosition } from '../api/index.ts';
import { MillraceError } from '../errors.ts';
import type { KafkaClient, NewTopic, ProducerBatch } from './port.ts';

/**
 * Source offsets in Kafka Connect's own format (KafkaOffsetBackingStore, OffsetStorageWriter): a compacted topic whose
 * keys are `["<connector>",{<partition>}]` and whose values are the offset's JSON; null forgets a partition. A connector
 * can so move over from Connect and back.
 */

export interface OffsetsTopic {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
}

/** Makes the topic where it is missing. Rejects with SOURCE_SETUP where it would not keep every offset. Idempotent. */
export async function ensureOffsetsTopic(client: KafkaClient, offsets: OffsetsTopic): Promise<void> {
  const { topic } = offsets;
  const wanted: NewTopic = { ...offsets, config: { 'cleanup.policy': 'compact' } };
  await client.admin.createTopics([wanted]);
  const policy = (await client.admin.topicConfig(topic)).get('cleanup.policy');
  if (policy !== undefined && policy !== 'compact')
    throw new MillraceError(
      'SOURCE_SETUP',
      `Topic ${topic} holds source offsets and must have cleanup.policy=compact, but has ${policy}: offsets would be deleted. Set it with kafka-configs --alter, or name another topic.`,
    );
}

const READ_BYTES = 4 * 1024 * 1024;

/**
 * Every committed offset of a connector, up to the end that the topic has when this is called. Call it behind the fence
 * of the connector's task: what an older producer had open is decided by then. Other connectors' transactions that are
 * open in the topic are waited for, because offsets committed behind their beginning cannot be read before.
 */
export async function loadPositions(client: KafkaClient, topic: string, connector: string): Promise<PositionReader> {
  const count = (await client.admin.partitions([topic])).get(topic) ?? 0;
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  const ranges = await client.admin.offsets(partitions);
  const ends = new Map(ranges.filter(({ low, high }) => low < high).map(({ partition, high }) => [partition, high]));
  const positions = new Map<string, SourcePosition>();
  if (ends.size === 0) return positionReader(positions);
  const reader = await client.reader({
    assigned: ranges
      .filter(({ partition }) => ends.has(partition))
      .map(({ partition, low }) => ({ topic, partition, offset: low })),
    maxBytes: READ_BYTES,
    maxPartitionBytes: READ_BYTES,
    maxWaitMs: 500,
  });
  try {
    const prefix = Buffer.from(`[${JSON.stringify(connector)},`);
    while (ends.size > 0)
      for (const { partition, records, next } of await reader.poll()) {
        for (const { key, value } of records) if (key !== null) take(positions, prefix, connector, key, value);
        if (next >= (ends.get(partition) ?? 0)) ends.delete(partition);
      }
  } finally {
    await reader.close();
  }
  return positionReader(positions);
}

/** Appends positions to a transaction, so that they are committed with the records they stand for, or not at all. */
export function appendPositions(
  batch: ProducerBatch,
  topic: string,
  connector: string,
  positions: readonly SourcePosition[],
): void {
  for (const { partition, offset } of positions) {
    const key = Buffer.from(JSON.stringify([connector, partition]));
    const value = offset === null ? null : Buffer.from(JSON.stringify(offset));
    const bytes = value === null ? key : Buffer.concat([key, value]);
    batch.append(topic, null, null, bytes, 0, key.length, value === null ? -1 : key.length, bytes.length, noHeaders);
  }
}
const noHeaders: readonly never[] = [];

function take(
  positions: Map<string, SourcePosition>,
  prefix: Buffer,
  connector: string,
  key: Buffer,
  value: Buffer | null,
): void {
  if (isOfAnother(key, prefix)) return;
  const parsed = json(key);
  if (!Array.isArray(parsed) || parsed[0] !== connector || !isObject(parsed[1])) return;
  const partition = parsed[1] as SourcePartition;
  const offset = value === null ? null : json(value);
  if (isObject(offset)) positions.set(canonical(partition), { partition, offset: offset as SourceOffset });
  else positions.delete(canonical(partition));
}

/**
 * Recognises most keys of other connectors in the shared topic by their first bytes, without parsing them. A key that
 * starts with white space, or has escapes in it, may still be of this connector.
 */
const isOfAnother = (key: Buffer, prefix: Buffer): boolean =>
  key[1] === QUOTE && !key.includes(BACKSLASH) && !key.subarray(0, prefix.length).equals(prefix);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function positionReader(positions: ReadonlyMap<string, SourcePosition>): PositionReader {
  return {
    get: partition => positions.get(canonical(partition))?.offset ?? null,
    all: () => [...positions.values()],
  };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** undefined for what is not JSON: not ours, and not to be stumbled over. */
function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The same text for the same partition, whatever the order of its names. */
const canonical = (partition: SourcePartition): string =>
  JSON.stringify(Object.entries(partition as Record<string, Json>).sort(([a], [b]) => (a < b ? -1 : 1)));
