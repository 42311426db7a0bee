import type { AssignedPartition, SinkPosition, TopicPartition } from '../../api/index.ts';
import type { OffsetReset } from '../../config/connector-config/offset-reset.ts';
import { MillraceError } from '../../errors.ts';
import type { ReadPosition } from '../../kafka/port.ts';
import { partitionName } from '../partition-name.ts';
import { parseOffsetMetadata } from './offset-metadata.ts';
import type { SinkRunContext } from './sink-run.ts';

type Run = Pick<SinkRunContext, 'cluster' | 'connector' | 'kafka' | 'group' | 'reset' | 'onRecreatedTopic' | 'log'>;

/**
 * Positions to read from: those that the sink stores, then the group's, then `auto.offset.reset`. If the topic has been recreated
 * since, `millrace.topic.recreated` decides: SOURCE_POSITION_LOST, or the beginning of the topic.
 */
export async function startPositions(
  run: Run,
  assigned: readonly AssignedPartition[],
  stored: readonly SinkPosition[],
): Promise<ReadPosition[]> {
  const positions = new Map(stored.map(position => [partitionName(position), position]));
  const recreated = assigned.filter(partition =>
    isOfRecreatedTopic(positions.get(partitionName(partition)), partition),
  );
  if (recreated.length > 0) handleRecreated(run, recreated, positions);
  for (const partition of recreated) positions.delete(partitionName(partition));
  const withoutStored = assigned.filter(
    partition => !positions.has(partitionName(partition)) && !recreated.includes(partition),
  );
  const group = withoutStored.length === 0 ? new Map<string, number>() : await groupPositions(run, withoutStored);
  const withoutPosition = withoutStored.filter(partition => !group.has(partitionName(partition)));
  const resets = new Map([
    ...(await resetPositions(run, withoutPosition, run.reset)),
    ...(await resetPositions(run, recreated, { to: 'earliest' })),
  ]);
  return assigned.map(({ topic, topicId, partition }) => {
    const name = partitionName({ topic, partition });
    return { topic, topicId, partition, offset: positions.get(name)?.next ?? group.get(name) ?? resets.get(name) ?? 0 };
  });
}

/** Start offsets of partitions without a position. SOURCE_POSITION_LOST if the reset is `none`. */
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
      `${first.topic}-${first.partition} has no committed offset, and auto.offset.reset is none: stop the connector, set ` +
        `its offsets (PATCH /connectors/${connector}/offsets) and resume it, or set another auto.offset.reset.`,
    );
  const ranges = await kafka.admin.offsets(partitions);
  const since = reset.to === 'time' ? await kafka.admin.offsetsForTimestamp(partitions, Date.now() - reset.ageMs) : [];
  return ranges.map((range, i) => {
    const { low, end } = range;
    if (reset.to === 'time') return [partitionName(range), since[i] ?? end];
    return [partitionName(range), reset.to === 'earliest' ? low : end];
  });
}

/** Offsets of the group that this connector may start from. */
async function groupPositions(
  run: Run,
  partitions: readonly AssignedPartition[],
): Promise<ReadonlyMap<string, number>> {
  const topicIds = new Map(partitions.map(({ topic, topicId }) => [topic, topicId]));
  const positions = new Map<string, number>();
  for (const committed of await run.kafka.admin.groupOffsets(run.group, partitions)) {
    const { topic, partition, offset } = committed;
    const metadata = parseOffsetMetadata(committed.metadata);
    if (metadata !== undefined && metadata.cluster !== run.cluster)
      run.log.warn(
        { group: run.group, topic, partition, offset, cluster: metadata.cluster },
        'ignored the offset of the consumer group: a connector of the same name in another cluster committed it. Set another consumer.override.group.id for one of the two',
      );
    // Kafka deletes a group's offsets with their topic; one that was committed after the deletion is ignored too.
    else if (metadata === undefined || isSameTopic(metadata.topicId, topicIds.get(topic)))
      positions.set(partitionName(committed), offset);
  }
  return positions;
}

const isSameTopic = (a = '', b = ''): boolean => a === '' || b === '' || a === b;

const isOfRecreatedTopic = (stored: SinkPosition | undefined, { topicId }: AssignedPartition): boolean =>
  stored !== undefined && !isSameTopic(stored.topicId, topicId);

function handleRecreated(
  { onRecreatedTopic: policy, connector, log }: Run,
  recreated: readonly AssignedPartition[],
  positions: ReadonlyMap<string, SinkPosition>,
): void {
  const [{ topic, partition, topicId }] = recreated as [AssignedPartition];
  const stored = positions.get(partitionName({ topic, partition }));
  if (policy === 'earliest') {
    log.warn(
      { topic, topicId, storedTopicId: stored?.topicId },
      'the topic was deleted and created again; reading it from its beginning',
    );
    return;
  }
  throw new MillraceError(
    'SOURCE_POSITION_LOST',
    `The sink stores offset ${stored?.next} of ${topic}-${partition} for the topic id ${stored?.topicId}, but topic ${topic} now has ` +
      `the id ${topicId}: it was deleted and created again, or this is another Kafka cluster. To read it from its beginning ` +
      `set millrace.topic.recreated=earliest; to start from another offset, stop the connector, set its offsets ` +
      `(PATCH /connectors/${connector}/offsets) and resume it.`,
  );
}
