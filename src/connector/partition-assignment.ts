import type { TaskArgs } from '../../workflows/shared/messages.ts';
import type { AssignedPartition } from '../api/index.ts';
import type { ClientProps } from '../config/client-settings/index.ts';
import { cacheResults, javaMatcher, type TextTest } from '../config/java-regex/index.ts';
import type { KafkaClient } from '../kafka/port.ts';

/** The consumer group that a sink's offsets are committed to. */
export const groupOf = (connector: string, consumer: ClientProps): string =>
  consumer['group.id'] ?? `connect-${connector}`;

/**
 * Partitions of one task. Each task computes its own without a group protocol, so that a task that starts or fails never
 * pauses another one, and a partition keeps its task when a topic grows.
 */
export async function assignedPartitions(
  kafka: KafkaClient,
  props: Readonly<Record<string, string>>,
  args: TaskArgs,
): Promise<AssignedPartition[]> {
  const topics = await kafka.admin.describeTopics(await sinkTopics(kafka, props));
  const assigned: AssignedPartition[] = [];
  for (const [topic, { partitions, topicId }] of [...topics].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let partition = 0; partition < partitions; partition++)
      if ((topicHash(topic) + partition) % args.tasks === args.task) assigned.push({ topic, partition, topicId });
  }
  return assigned;
}

/** Topics of a sink's configuration; for `topics.regex` the topics that match now. */
export async function sinkTopics(
  kafka: KafkaClient,
  props: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const pattern = props['topics.regex'];
  if (pattern !== undefined && pattern !== '') {
    return (await kafka.admin.topics()).filter(topicMatcher(pattern));
  }
  return (props['topics'] ?? '')
    .split(',')
    .map(topic => topic.trim())
    .filter(topic => topic !== '');
}

const MAX_MATCHERS = 1000;
/** Matchers by pattern: each task evaluates its pattern every few seconds. */
const matchers = new Map<string, TextTest>();

function topicMatcher(pattern: string): TextTest {
  let test = matchers.get(pattern);
  if (test === undefined) {
    test = cacheResults(javaMatcher(pattern, { setting: 'topics.regex' }));
    if (matchers.size >= MAX_MATCHERS) matchers.clear();
    matchers.set(pattern, test);
  }
  return test;
}

/** Distributes topics with a single partition over the tasks. */
function topicHash(topic: string): number {
  let hash = 0;
  for (let i = 0; i < topic.length; i++) hash = (hash * 31 + topic.charCodeAt(i)) >>> 0;
  return hash;
}
