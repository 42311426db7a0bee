import type { JsonValue, OffsetEntry, AlterOffsetsResult, OffsetsArgs } from '../../../workflows/shared/messages.ts';
import type { PlanContext, SinkConnector, SourceConnector, SourcePosition, TopicPartition } from '../../api/index.ts';
import { Redaction } from '../../config/secrets/redaction.ts';
import { untilAborted } from '../../engine/grace.ts';
import type { OffsetStore } from '../../engine/offset-store.ts';
import { formatOffsetMetadata } from '../../engine/sink/offset-metadata.ts';
import { parseTaskConfig } from '../../engine/task-config.ts';
import { MillraceError } from '../../errors.ts';
import type { Confirm, KafkaClient, TopicDescription, TransactionalProducer } from '../../kafka/port.ts';
import type { ResolvedConfig } from '../components.ts';
import { givenFence } from '../fence-producers.ts';
import { groupOf, topicsOf } from '../partition-assignment.ts';
import { producerOptions } from '../pipeline.ts';
import type { ConnectorServices } from '../services.ts';
import { sinkWriter } from '../sink-writer.ts';
import { offsetsId } from '../transactional-ids.ts';

/** confirm: see CurrentAttempt. An attempt that was frozen would undo what has been done since. */
export interface AlterContext extends PlanContext {
  readonly confirm: Confirm;
}

/** A request that asks for offsets is answered after so long at the latest. */
const READ_MS = 15_000;

/** A connector's stored positions as Kafka Connect's REST API has them, without secrets of its configuration. */
export async function readOffsets(
  { kafka, offsets }: Pick<ConnectorServices, 'kafka' | 'offsets'>,
  type: 'source' | 'sink',
  connector: string,
  { clients, inNames }: Pick<ResolvedConfig, 'clients' | 'inNames'>,
): Promise<readonly OffsetEntry[]> {
  const redaction = new Redaction(inNames);
  const shown = <T extends JsonValue>(value: T): T =>
    inNames.length === 0 ? value : (redacted(value, redaction) as T);
  const signal = AbortSignal.timeout(READ_MS);
  const late = () =>
    new MillraceError(
      'KAFKA_UNAVAILABLE',
      `Kafka did not tell the offsets of ${connector} within ${READ_MS / 1000} s.`,
    );
  const inTime = <T>(work: Promise<T>): Promise<T> =>
    untilAborted(signal, work).catch(error => Promise.reject(signal.aborted ? late() : error));
  if (type === 'source') {
    const stored = await inTime(offsets.load(connector, { signal, committedOnly: true }));
    return stored.all().map(({ partition, offset }) => shown({ partition, offset }));
  }
  const held = await inTime(kafka.admin.groupOffsets(groupOf(connector, clients.consumer)));
  return held.map(({ topic, partition, offset }) => ({
    partition: { kafka_topic: shown(topic), kafka_partition: partition },
    offset: { kafka_offset: offset },
  }));
}

function redacted(value: JsonValue, redaction: Redaction): JsonValue {
  if (typeof value === 'string') return redaction.text(value);
  if (Array.isArray(value)) return value.map(one => redacted(one, redaction));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redacted(one, redaction)]));
}

/**
 * Puts positions in the place of a source's stored ones, in a transaction of a producer of its own. The producers of the
 * connector's tasks have been fenced before; this one is fenced before they start again.
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
  const wanted = offsets === null ? null : offsets.map(sourcePosition);
  if (wanted !== null) await source.alterOffsets?.(config, wanted, context);
  await confirm();
  const settings = producerOptions(clients.producer, offsetsId(args));
  const options = { ...settings, ...givenFence(args, services) };
  const producer = await kafka.producer({ ...options, positions: [store.topic], signal });
  try {
    const held = (await store.load(connector, { signal })).all();
    const positions = wanted ?? held.map(({ partition }) => ({ partition, offset: null }));
    if (wanted === null) {
      await confirm();
      await source.alterOffsets?.(config, positions, context);
    }
    await putPositions(producer, store, connector, positions, context);
    // A position that is forgotten here would come back from there.
    if (workerOffsets !== undefined) {
      await using worker = disposed(await workerOffsets.kafka.producer({ ...settings, signal }));
      await putPositions(worker.producer, workerOffsets.offsets, connector, positions, context);
    }
  } finally {
    await producer.close();
  }
  return { byConnector: source.alterOffsets !== undefined };
}

/** Puts positions in the place of those that a store has, in a transaction. */
export async function putPositions(
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

export const disposed = (
  producer: TransactionalProducer,
): AsyncDisposable & { readonly producer: TransactionalProducer } => ({
  producer,
  [Symbol.asyncDispose]: () => producer.close(),
});

/** The group's offsets, and first those that the sink holds itself, which count. */
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
  const positions = offsets === null ? await everywhere(kafka, group, props) : offsets.map(sinkPosition);
  const topics = await kafka.admin.describeTopics([...new Set(positions.map(({ topic }) => topic))]);
  if (offsets !== null) mustExist(topics, positions);
  const identified = positions.map(at => ({ ...at, topicId: topics.get(at.topic)?.topicId ?? '' }));
  const writer = await sinkWriter(kafka, args);
  await confirm();
  await sink.alterOffsets?.(config, writer, identified, context);
  const gone = positions.filter(({ next }) => next === null);
  const moved = identified.flatMap(({ topic, partition, topicId, next }) =>
    next === null ? [] : [{ topic, partition, offset: next, metadata: formatOffsetMetadata(writer, topicId) }],
  );
  await kafka.admin.deleteGroupOffsets(group, gone, confirm);
  await kafka.admin.commitGroupOffsets({ group, offsets: moved }, confirm);
  return { byConnector: sink.alterOffsets !== undefined };
}

type Position = TopicPartition & { readonly next: number | null };

/** Every partition that the sink may hold a position of. */
async function everywhere(kafka: KafkaClient, group: string, props: Readonly<Record<string, string>>) {
  const counts = await kafka.admin.partitions(await topicsOf(kafka, props));
  const all = [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition })),
  );
  const held = await kafka.admin.groupOffsets(group);
  const names = new Map(
    [...all, ...held].map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }]),
  );
  return [...names.values()].map(at => ({ ...at, next: null }));
}

function mustExist(topics: ReadonlyMap<string, TopicDescription>, positions: readonly Position[]): void {
  for (const { topic, partition, next } of positions)
    if (next !== null && partition >= (topics.get(topic)?.partitions ?? 0))
      throw bad(`there is no partition ${partition} of a topic ${topic} to take records from`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sourcePosition({ partition, offset }: OffsetEntry): SourcePosition {
  if (!isObject(partition)) throw refused('The partition for a source connector offset cannot be null or missing');
  return { partition, offset } as SourcePosition;
}

/** In Kafka Connect's words (SinkUtils). */
function sinkPosition({ partition, offset }: OffsetEntry) {
  if (!isObject(partition)) throw refused('The partition for a sink connector offset cannot be null or missing');
  const { kafka_topic: topic, kafka_partition: number } = partition;
  if (topic === undefined || topic === null || number === undefined || number === null)
    throw refused(
      "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'",
    );
  const index = whole(number);
  if (index === undefined)
    throw refused(
      `Failed to parse the following Kafka partition value in the provided offsets: '${number}'. Partition values for sink connectors need to be integers.`,
    );
  const at = { topic: String(topic), partition: index };
  if (index < 0) throw bad(`partitions are counted from 0 on, and this is ${index}`);
  if (offset === null) return { ...at, next: null };
  const { kafka_offset: value } = offset;
  if (value === undefined || value === null)
    throw refused("The offset for a sink connector should either be null or contain the key 'kafka_offset'");
  const next = whole(value);
  if (next === undefined)
    throw refused(
      `Failed to parse the following Kafka offset value in the provided offsets: '${value}'. Offset values for sink connectors need to be integers.`,
    );
  if (next < 0) throw bad(`offsets are counted from 0 on, and this is ${next}`);
  return { ...at, next };
}

/** A number or, as Connect takes it too, its digits. */
function whole(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

const refused = (sentence: string): MillraceError => new MillraceError('BAD_REQUEST', sentence);
const bad = (what: string): MillraceError =>
  new MillraceError('BAD_REQUEST', `These offsets cannot be taken: ${what}.`);
