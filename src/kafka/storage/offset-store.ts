import type { Json, PositionReader, SourceOffset, SourcePartition, SourcePosition } from '../../api/index.ts';
import { MillraceError } from '../../errors.ts';
import { formatOpenTransaction } from '../client/open-transactions.ts';
import type { KafkaClient, NewTopic, ProducerBatch } from '../port.ts';
import { checkCompacted } from './compacted-topic.ts';

/**
 * Source offsets in Kafka Connect's format (KafkaOffsetBackingStore, OffsetStorageWriter): a compacted topic with keys
 * `["<connector>",{<partition>}]`, field names in alphabetical order as Kafka Connect's connectors write them, and the offset
 * as JSON in the value; null deletes a partition. A connector can therefore be migrated from Kafka Connect and back.
 */

export interface OffsetsTopic {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Configuration for its creation; `cleanup.policy` is always compact. */
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates the topic if it is missing. Rejects with SOURCE_SETUP if it is not compacted. Idempotent. */
export async function ensureOffsetsTopic(client: KafkaClient, offsets: OffsetsTopic): Promise<void> {
  const { topic } = offsets;
  const newTopic: NewTopic = { ...offsets, config: { ...offsets.config, 'cleanup.policy': 'compact' } };
  await client.admin.createTopics([newTopic]);
  await checkCompacted(client, topic, 'source offsets');
}

/** Milliseconds to wait for open transactions with offsets of the connector. */
const OPEN_TRANSACTION_MS = 5_000;
/** Milliseconds to wait for control records, which Kafka writes shortly after it confirms a commit. */
const CONTROL_RECORD_MS = 1000;

/**
 * Loads all committed offsets of a connector up to the current end of the topic, including those after the start of another
 * connector's open transaction. Requires that the tasks' producers are fenced, which ends their transactions. Rejects with
 * KAFKA_UNAVAILABLE if a transaction with offsets of the connector stays open; `committedOnly` leaves its offsets out.
 */
export async function loadPositions(
  client: KafkaClient,
  topic: string,
  connector: string,
  options: LoadOptions = {},
): Promise<PositionReader> {
  return toPositionReader(await readPositions(client, topic, connector, options));
}

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly committedOnly?: boolean;
}

/** Like loadPositions, by partition; a deleted partition has the offset null. */
export async function readPositions(
  client: KafkaClient,
  topic: string,
  connector: string,
  { signal, committedOnly = false }: LoadOptions = {},
): Promise<ReadonlyMap<string, StoredPosition>> {
  const positions = new Map<string, StoredPosition>();
  const prefix = Buffer.from(`[${JSON.stringify(connector)},`);
  const open = await client.readCommitted(topic, {
    accepts: key => !isOtherConnectorKey(key, prefix),
    waitsFor: key => partitionInKey(key, connector) !== undefined,
    onRecord(key, value) {
      const partition = partitionInKey(key, connector);
      if (partition === undefined) return;
      const name = canonicalJson(partition);
      const isCanonicalKey = key.toString() === keyOf(connector, partition);
      // Different keys of one source partition may be in different partitions of the topic, so they are not read in the order of writing.
      if (!isCanonicalKey && positions.get(name)?.isCanonicalKey) return;
      const offset = value === null ? null : parseJson(value);
      positions.set(name, {
        partition,
        offset: isObject(offset) ? (offset as SourceOffset) : null,
        isCanonicalKey,
      });
    },
    openTransactionWaitMs: committedOnly ? CONTROL_RECORD_MS : OPEN_TRANSACTION_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (open.length > 0 && !committedOnly)
    throw new MillraceError(
      'KAFKA_UNAVAILABLE',
      `The offsets of the connector ${connector} cannot be read yet: some are in an open transaction in ${open.map(formatOpenTransaction).join('; ')}. ` +
        'It ends when its producer ends it, or after its transaction.timeout.ms. End a hanging transaction, which ' +
        'kafka-transactions.sh find-hanging lists, with kafka-transactions.sh abort.',
    );
  return positions;
}

/** Appends positions to the transaction of their records, so that both are committed or neither. */
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

/** Parses the source partition in a key; undefined for a key of another connector, or of another format. */
function partitionInKey(key: Buffer, connector: string): SourcePartition | undefined {
  const parsed = parseJson(key);
  if (!Array.isArray(parsed) || parsed[0] !== connector || !isObject(parsed[1])) return undefined;
  return parsed[1] as SourcePartition;
}

/**
 * Recognizes most keys of other connectors in the shared topic by their first bytes, without parsing them. A key that starts with
 * white space or contains escapes may belong to this connector, so it is parsed.
 */
const isOtherConnectorKey = (key: Buffer, prefix: Buffer): boolean =>
  key[1] === QUOTE && !key.includes(BACKSLASH) && !key.subarray(0, prefix.length).equals(prefix);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** isCanonicalKey: stored under the key that Millrace writes, without spaces and with sorted field names. */
interface StoredPosition extends SourcePosition {
  readonly isCanonicalKey: boolean;
}

/** stored: the result of readPositions. */
export function toPositionReader(stored: ReadonlyMap<string, StoredPosition>): PositionReader {
  return {
    get: partition => stored.get(canonicalJson(partition))?.offset ?? null,
    all: () =>
      [...stored.values()].flatMap(({ partition, offset }) => (offset === null ? [] : [{ partition, offset }])),
  };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** undefined for text that is not JSON, which another program has written. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Key of a partition. It is unique, so that compaction keeps the last offset of each partition. */
const keyOf = (connector: string, partition: SourcePartition): string =>
  `[${JSON.stringify(connector)},${canonicalJson(partition)}]`;

/** JSON of a partition with sorted field names. */
const canonicalJson = (partition: SourcePartition): string => JSON.stringify(sortKeys(partition as Json));

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const entries = Object.entries(value as Record<string, Json>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, sortKeys(item)]));
}
