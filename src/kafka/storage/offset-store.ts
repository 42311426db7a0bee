import type { Json, PositionReader, SourceOffset, SourcePartition, SourcePosition } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import { nameOpenTransaction } from '../client/open-transactions.ts';
import type { KafkaClient, NewTopic, ProducerBatch } from '../port.ts';
import { checkCompacted } from './compacted-topic.ts';

/**
 * Source offsets in Kafka Connect's own format (KafkaOffsetBackingStore, OffsetStorageWriter): a compacted topic whose
 * keys are `["<connector>",{<partition>}]`, names in alphabetical order as those connectors have them, and whose values
 * are the offset's JSON; null forgets a partition. A connector can so move over from Connect and back.
 */

export interface OffsetsTopic {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Its configuration when it is created; `cleanup.policy` is compact in any case. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Makes the topic where it is missing. Rejects with SOURCE_SETUP where it would not keep every offset. Idempotent. */
export async function ensureOffsetsTopic(client: KafkaClient, offsets: OffsetsTopic): Promise<void> {
  const { topic } = offsets;
  const wanted: NewTopic = { ...offsets, config: { ...offsets.config, 'cleanup.policy': 'compact' } };
  await client.admin.createTopics([wanted]);
  await checkCompacted(client, topic, 'source offsets');
}

/** Time that open transactions with offsets of the connector have to end. */
const PATIENCE_MS = 5_000;
/** A commit is answered a moment before its marker is in the topic. */
const MARKER_MS = 1000;

/**
 * Every committed offset of a connector, up to the end that the topic has when this is called, also those that lie after
 * the beginning of another connector's open transaction. Called behind the fence of the connector's task, which ends what
 * an older producer of it had open. Rejects with KAFKA_UNAVAILABLE while a transaction with offsets of the connector is
 * open all the same; with `committedOnly` these are left out.
 */
export async function loadPositions(
  client: KafkaClient,
  topic: string,
  connector: string,
  options: LoadOptions = {},
): Promise<PositionReader> {
  return positionsIn(await readPositions(client, topic, connector, options));
}

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly committedOnly?: boolean;
}

/** As loadPositions, by partition; the offset of one that was forgotten is null. */
export async function readPositions(
  client: KafkaClient,
  topic: string,
  connector: string,
  { signal, committedOnly = false }: LoadOptions = {},
): Promise<ReadonlyMap<string, StoredPosition>> {
  const positions = new Map<string, StoredPosition>();
  const prefix = Buffer.from(`[${JSON.stringify(connector)},`);
  const open = await client.readCommitted(topic, {
    wanted: key => !isOfAnother(key, prefix),
    awaited: key => partitionIn(key, connector) !== undefined,
    take(key, value) {
      const partition = partitionIn(key, connector);
      if (partition === undefined) return;
      const name = canonical(partition);
      const own = key.toString() === keyOf(connector, partition);
      // Keys of one partition that differ lie in any partitions of the topic, so their order is not that of their writing.
      if (!own && positions.get(name)?.own) return;
      const offset = value === null ? null : json(value);
      positions.set(name, { partition, offset: isObject(offset) ? (offset as SourceOffset) : null, own });
    },
    patienceMs: committedOnly ? MARKER_MS : PATIENCE_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (open.length > 0 && !committedOnly)
    throw new MillraceError(
      'KAFKA_UNAVAILABLE',
      `The offsets of the connector ${connector} cannot be read yet: some are in a transaction that is open in ${open.map(nameOpenTransaction).join('; ')}. ` +
        'Kafka ends it when its producer does, or after its transaction.timeout.ms; a hanging one, which kafka-transactions.sh ' +
        'find-hanging lists, has to be ended with kafka-transactions.sh abort.',
    );
  return positions;
}

/** Appends positions to a transaction, so that they are committed with the records they stand for, or not at all. */
export async function appendPositions(
  batch: ProducerBatch,
  topic: string,
  connector: string,
  positions: readonly SourcePosition[],
): Promise<void> {
  for (const { partition, offset } of positions) {
    const key = Buffer.from(keyOf(connector, partition));
    const value = offset === null ? null : Buffer.from(JSON.stringify(offset));
    const bytes = value === null ? key : Buffer.concat([key, value]);
    await batch.append(
      topic,
      null,
      null,
      bytes,
      0,
      key.length,
      value === null ? -1 : key.length,
      bytes.length,
      noHeaders,
    );
  }
}
const noHeaders: readonly never[] = [];

/** The partition that a key is of; undefined for one of another connector, or of none. */
function partitionIn(key: Buffer, connector: string): SourcePartition | undefined {
  const parsed = json(key);
  if (!Array.isArray(parsed) || parsed[0] !== connector || !isObject(parsed[1])) return undefined;
  return parsed[1] as SourcePartition;
}

/**
 * Recognises most keys of other connectors in the shared topic by their first bytes, without parsing them. A key that
 * starts with white space, or has escapes in it, may still be of this connector.
 */
const isOfAnother = (key: Buffer, prefix: Buffer): boolean =>
  key[1] === QUOTE && !key.includes(BACKSLASH) && !key.subarray(0, prefix.length).equals(prefix);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** own: stored under the key that Millrace gives it, not under one with its names in another order, or with spaces. */
interface StoredPosition extends SourcePosition {
  readonly own: boolean;
}

/** stored: by partition, as readPositions has them. */
export function positionsIn(stored: ReadonlyMap<string, StoredPosition>): PositionReader {
  return {
    get: partition => stored.get(canonical(partition))?.offset ?? null,
    all: () =>
      [...stored.values()].flatMap(({ partition, offset }) => (offset === null ? [] : [{ partition, offset }])),
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

/** One key for one partition: compaction keeps the last offset of each. */
const keyOf = (connector: string, partition: SourcePartition): string =>
  `[${JSON.stringify(connector)},${canonical(partition)}]`;

/** The same text for the same partition, whatever the order of its names. */
const canonical = (partition: SourcePartition): string => JSON.stringify(ordered(partition as Json));

function ordered(value: Json): Json {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isObject(value)) return value;
  const entries = Object.entries(value as Record<string, Json>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, ordered(item)]));
}
