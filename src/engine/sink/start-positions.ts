import type { AssignedPartition, SinkPosition, TopicPartition } from '../../api/index.ts';
import type { OffsetReset } from '../../config/connector-config/offset-reset.ts';
import { MillraceError } from '../../errors.ts';
import type { ReadPosition } from '../../kafka/port.ts';
import { partitionName } from '../partition-name.ts';
import { originOf } from './offset-origin.ts';
import type { SinkRun } from './run-sink.ts';

/** The position behind each partition's last durable write; what has none yet has not been written to. */
export class Positions {
  readonly #next = new Map<string, number>();
  constructor(held: readonly SinkPosition[]) {
    for (const position of held) this.#next.set(partitionName(position), position.next);
  }
  get(of: TopicPartition): number | null {
    return this.#next.get(partitionName(of)) ?? null;
  }
  move(of: TopicPartition, next: number): void {
    this.#next.set(partitionName(of), next);
  }
}

type Run = Pick<SinkRun<unknown>, 'cluster' | 'connector' | 'kafka' | 'group' | 'reset' | 'recreated' | 'log'>;

/**
 * Where to read from: the sink's own position, else the group's, else as `auto.offset.reset` says. A position of a topic
 * that has been made anew since is of no use: SOURCE_POSITION_LOST, or the beginning, as `millrace.topic.recreated` says.
 */
export async function startOf(
  run: Run,
  assigned: readonly AssignedPartition[],
  held: readonly SinkPosition[],
): Promise<ReadPosition[]> {
  const positions = new Map(held.map(position => [partitionName(position), position]));
  const recreated = assigned.filter(partition => isOther(positions.get(partitionName(partition)), partition));
  if (recreated.length > 0) reportRecreated(run, recreated, positions);
  for (const partition of recreated) positions.delete(partitionName(partition));
  const open = assigned.filter(partition => !positions.has(partitionName(partition)) && !recreated.includes(partition));
  const group = open.length === 0 ? new Map<string, number>() : await groupPositions(run, open);
  const unread = open.filter(partition => !group.has(partitionName(partition)));
  const ends = new Map([
    ...(await resetPositions(run, unread, run.reset)),
    ...(await resetPositions(run, recreated, { to: 'earliest' })),
  ]);
  return assigned.map(({ topic, topicId, partition }) => {
    const name = partitionName({ topic, partition });
    return { topic, topicId, partition, offset: positions.get(name)?.next ?? group.get(name) ?? ends.get(name) ?? 0 };
  });
}

/** Where partitions begin of which nobody has a position. SOURCE_POSITION_LOST where that is not wanted. */
async function resetPositions(
  { kafka, connector }: Run,
  partitions: readonly TopicPartition[],
  reset: OffsetReset,
): Promise<readonly (readonly [name: string, offset: number])[]> {
  const [first] = partitions;
  if (first === undefined) return [];
  if (reset.to === 'none')
    throw new MillraceError(
      'SOURCE_POSITION_LOST',
      `Nothing says where to begin in ${first.topic}-${first.partition}, and auto.offset.reset is none: stop the connector, set ` +
        `its offsets (PATCH /connectors/${connector}/offsets) and resume it, or set another reset.`,
    );
  const ranges = await kafka.admin.offsets(partitions);
  const since = reset.to === 'time' ? await kafka.admin.offsetsSince(partitions, Date.now() - reset.ageMs) : [];
  return ranges.map((range, i) => {
    const { low, end } = range;
    if (reset.to === 'time') return [partitionName(range), since[i] ?? end];
    return [partitionName(range), reset.to === 'earliest' ? low : end];
  });
}

/** Offsets of the group that this connector may begin at. */
async function groupPositions(run: Run, open: readonly AssignedPartition[]): Promise<ReadonlyMap<string, number>> {
  const topicIds = new Map(open.map(({ topic, topicId }) => [topic, topicId]));
  const positions = new Map<string, number>();
  for (const at of await run.kafka.admin.groupOffsets(run.group, open)) {
    const origin = originOf(at.metadata);
    const { topic, partition, offset } = at;
    if (origin !== undefined && origin.cluster !== run.cluster)
      run.log.warn(
        { group: run.group, topic, partition, offset, cluster: origin.cluster },
        'the offset of the consumer group is that of a connector of the same name in another cluster, and is not used: give one of them another consumer.override.group.id',
      );
    // Kafka forgets a group's offsets with their topic; one that was committed later is of no use either.
    else if (origin === undefined || isSameTopic(origin.topicId, topicIds.get(topic)))
      positions.set(partitionName(at), offset);
  }
  return positions;
}

const isSameTopic = (a = '', b = ''): boolean => a === '' || b === '' || a === b;

const isOther = (held: SinkPosition | undefined, { topicId }: AssignedPartition): boolean =>
  held !== undefined && !isSameTopic(held.topicId, topicId);

function reportRecreated(
  { recreated: policy, connector, log }: Run,
  recreated: readonly AssignedPartition[],
  positions: ReadonlyMap<string, SinkPosition>,
): void {
  const [{ topic, partition, topicId }] = recreated as [AssignedPartition];
  const held = positions.get(partitionName({ topic, partition }));
  if (policy === 'earliest') {
    log.warn(
      { topic, topicId, held: held?.topicId },
      'the topic was deleted and created again; reading it from its beginning',
    );
    return;
  }
  throw new MillraceError(
    'SOURCE_POSITION_LOST',
    `The sink holds offset ${held?.next} of ${topic}-${partition}, of the topic with the id ${held?.topicId}, and Kafka now has a ` +
      `topic ${topic} with the id ${topicId}: it was deleted and created again, or this is another Kafka cluster. To read it ` +
      `from its beginning set millrace.topic.recreated=earliest; to begin elsewhere stop the connector, set its offsets ` +
      `(PATCH /connectors/${connector}/offsets) and resume it.`,
  );
}
