import type { AlterOffsetsResult, JsonValue, OffsetEntry, OffsetsArgs } from '../../../workflows/shared/messages.ts';
import type { PlanContext, SinkConnector, SourceConnector, SourcePosition, TopicPartition } from '../../api/index.ts';
import { Redaction } from '../../config/secrets/redaction.ts';
import { untilAborted } from '../../engine/grace.ts';
import type { OffsetStore } from '../../engine/offset-store.ts';
import { formatOffsetMetadata } from '../../engine/sink/offset-metadata.ts';
import { parseTaskConfig } from '../../engine/task-config.ts';
import { MillraceError } from '../../errors.ts';
import type { Confirm, KafkaClient, TopicDescription, TransactionalProducer } from '../../kafka/port.ts';
import type { ResolvedConfig } from '../components.ts';
import { fenceOption } from '../fence-producers.ts';
import { groupOf, sinkTopics } from '../partition-assignment.ts';
import { producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { sinkWriter } from '../sink-writer.ts';
import { offsetsTransactionalId } from '../transactional-ids.ts';

/** confirm: see CurrentAttempt. Without it, an attempt that was frozen could revert later changes. */
export interface AlterContext extends PlanContext {
  readonly confirm: Confirm;
}

/** Timeout in milliseconds of a request for offsets. */
const READ_MS = 15_000;

/** Reads a connector's offsets in the format of Kafka Connect's REST API; redacts secrets of its configuration. */
export async function readOffsets(
  { kafka, offsets }: Pick<ConnectorServices, 'kafka' | 'offsets'>,
  type: 'source' | 'sink',
  connector: string,
  { clients, nameSecrets }: Pick<ResolvedConfig, 'clients' | 'nameSecrets'>,
): Promise<readonly OffsetEntry[]> {
  const redaction = new Redaction(nameSecrets);
  const redact = <T extends JsonValue>(value: T): T =>
    nameSecrets.length === 0 ? value : (redacted(value, redaction) as T);
  const signal = AbortSignal.timeout(READ_MS);
  const timeoutError = () =>
    new MillraceError(
      'KAFKA_UNAVAILABLE',
      `Kafka did not return the offsets of ${connector} within ${READ_MS / 1000} s.`,
    );
  const withTimeout = <T>(work: Promise<T>): Promise<T> =>
    untilAborted(signal, work).catch(error => Promise.reject(signal.aborted ? timeoutError() : error));
  if (type === 'source') {
    const stored = await withTimeout(offsets.load(connector, { signal, committedOnly: true }));
    return stored.all().map(({ partition, offset }) => redact({ partition, offset }));
  }
  const committed = await withTimeout(kafka.admin.groupOffsets(groupOf(connector, clients.consumer)));
  return committed.map(({ topic, partition, offset }) => ({
    partition: { kafka_topic: redact(topic), kafka_partition: partition },
    offset: { kafka_offset: offset },
  }));
}

function redacted(value: JsonValue, redaction: Redaction): JsonValue {
  if (typeof value === 'string') return redaction.text(value);
  if (Array.isArray(value)) return value.map(item => redacted(item, redaction));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted(item, redaction)]));
}

/**
 * Replaces a source's offsets in a transaction of a separate producer. The producers of the connector's tasks were fenced
 * before; this one is fenced before they start again.
 */
export async function alterSourceOffsets(
  services: ConnectorServices,
  source: SourceConnector<unknown>,
  args: OffsetsArgs,
  { props, clients }: Pick<ResolvedConfig, 'props' | 'clients'>,
  context: AlterContext,
): Promise<AlterOffsetsResult> {
  const { connector, offsets } = args;
  const { kafka, offsets: store, workerOffsets } = services;
  const { signal, confirm } = context;
  const config = parseTaskConfig(source.config, props);
  const requested = offsets === null ? null : offsets.map(sourcePosition);
  if (requested !== null) await source.alterOffsets?.(config, requested, context);
  await confirm();
  const settings = producerOptions(clients.producer, offsetsTransactionalId(args));
  const options = { ...settings, ...fenceOption(args, services) };
  const producer = await kafka.producer({ ...options, positionTopics: [store.topic], signal });
  try {
    const stored = (await store.load(connector, { signal })).all();
    const positions = requested ?? stored.map(({ partition }) => ({ partition, offset: null }));
    if (requested === null) {
      await confirm();
      await source.alterOffsets?.(config, positions, context);
    }
    await writePositions(producer, store, connector, positions, context);
    // Partitions without an offset in the connector's topic are read from the worker's: reset them there too.
    if (workerOffsets !== undefined) {
      await using worker = disposable(await workerOffsets.kafka.producer({ ...settings, signal }));
      await writePositions(worker.producer, workerOffsets.offsets, connector, positions, context);
    }
  } finally {
    await producer.close();
  }
  return { byConnector: source.alterOffsets !== undefined };
}

/** Replaces positions of a store in a transaction. */
export async function writePositions(
  producer: TransactionalProducer,
  store: OffsetStore,
  connector: string,
  positions: readonly SourcePosition[],
  { signal, confirm }: AlterContext,
): Promise<void> {
  if (positions.length === 0) return;
  await producer.prepare([store.topic]);
  const transaction = producer.batch();
  await store.append(transaction, connector, positions);
  await confirm();
  signal.throwIfAborted();
  await producer.commit(transaction);
}

export const disposable = (
  producer: TransactionalProducer,
): AsyncDisposable & { readonly producer: TransactionalProducer } => ({
  producer,
  [Symbol.asyncDispose]: () => producer.close(),
});

/** Changes first the positions that the sink itself stores, which take precedence, then the group's offsets. */
export async function alterSinkOffsets(
  { kafka }: Pick<ConnectorServices, 'kafka'>,
  sink: SinkConnector<unknown>,
  args: OffsetsArgs & { readonly attempt: number },
  { props, clients }: Pick<ResolvedConfig, 'props' | 'clients'>,
  context: AlterContext,
): Promise<AlterOffsetsResult> {
  const { connector, offsets } = args;
  const { confirm } = context;
  const config = parseTaskConfig(sink.config, props);
  const group = groupOf(connector, clients.consumer);
  const positions = offsets === null ? await storedPositions(kafka, group, props) : offsets.map(sinkPosition);
  const topics = await kafka.admin.describeTopics([...new Set(positions.map(({ topic }) => topic))]);
  if (offsets !== null) requirePartitions(topics, positions);
  const identified = positions.map(position => ({ ...position, topicId: topics.get(position.topic)?.topicId ?? '' }));
  const writer = await sinkWriter(kafka, args);
  await confirm();
  await sink.alterOffsets?.(config, writer, identified, context);
  const resets = positions.filter(({ next }) => next === null);
  const changes = identified.flatMap(({ topic, partition, topicId, next }) =>
    next === null ? [] : [{ topic, partition, offset: next, metadata: formatOffsetMetadata(writer, topicId) }],
  );
  await kafka.admin.deleteGroupOffsets(group, resets, confirm);
  await kafka.admin.commitGroupOffsets({ group, offsets: changes }, confirm);
  return { byConnector: sink.alterOffsets !== undefined };
}

type Position = TopicPartition & { readonly next: number | null };

/** All partitions of which the sink or the group may have a position, each with a reset. */
async function storedPositions(kafka: KafkaClient, group: string, props: Readonly<Record<string, string>>) {
  const counts = await kafka.admin.partitions(await sinkTopics(kafka, props));
  const all = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  const committed = await kafka.admin.groupOffsets(group);
  const names = new Map(
    [...all, ...committed].map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }]),
  );
  return [...names.values()].map(partition => ({ ...partition, next: null }));
}

function requirePartitions(topics: ReadonlyMap<string, TopicDescription>, positions: readonly Position[]): void {
  for (const { topic, partition, next } of positions)
    if (next !== null && partition >= (topics.get(topic)?.partitions ?? 0))
      throw invalidOffsets(`the topic ${topic} does not exist or has no partition ${partition}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sourcePosition({ partition, offset }: OffsetEntry): SourcePosition {
  if (!isObject(partition)) throw badRequest('The partition for a source connector offset cannot be null or missing');
  return { partition, offset } as SourcePosition;
}

/** The messages are those of Kafka Connect (SinkUtils). */
function sinkPosition({ partition, offset }: OffsetEntry) {
  if (!isObject(partition)) throw badRequest('The partition for a sink connector offset cannot be null or missing');
  const { kafka_topic: topic, kafka_partition: number } = partition;
  if (topic === undefined || topic === null || number === undefined || number === null)
    throw badRequest(
      "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'",
    );
  const index = parseInteger(number);
  if (index === undefined)
    throw badRequest(
      `Failed to parse the following Kafka partition value in the provided offsets: '${number}'. Partition values for sink connectors need to be integers.`,
    );
  const topicPartition = { topic: String(topic), partition: index };
  if (index < 0) throw invalidOffsets(`the partition ${index} is negative`);
  if (offset === null) return { ...topicPartition, next: null };
  const { kafka_offset: value } = offset;
  if (value === undefined || value === null)
    throw badRequest("The offset for a sink connector should either be null or contain the key 'kafka_offset'");
  const next = parseInteger(value);
  if (next === undefined)
    throw badRequest(
      `Failed to parse the following Kafka offset value in the provided offsets: '${value}'. Offset values for sink connectors need to be integers.`,
    );
  if (next < 0) throw invalidOffsets(`the offset ${next} is negative`);
  return { ...topicPartition, next };
}

/** Accepts a number or, like Kafka Connect, a string of digits. */
function parseInteger(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

const badRequest = (sentence: string): MillraceError => new MillraceError('BAD_REQUEST', sentence);
const invalidOffsets = (reason: string): MillraceError =>
  new MillraceError('BAD_REQUEST', `These offsets are invalid: ${reason}.`);
