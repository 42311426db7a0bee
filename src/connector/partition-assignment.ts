import type { TaskArgs } from '../../workflows/shared/messages.ts';
import type { AssignedPartition } from '../api/index.ts';
import type { ClientProps } from '../config/client-settings/index.ts';
import { javaMatcher, rememberAnswers, type TextTest } from '../config/java-regex/index.ts';
import type { KafkaClient } from '../kafka/port.ts';

/** The consumer group that a sink's offsets are shown under. */
export const groupOf = (connector: string, consumer: ClientProps): string =>
  consumer['group.id'] ?? `connect-${connector}`;

/**
 * A task's share of its connector's partitions: a plan that every task knows without asking, so that starting, failing
 * or scaling one never pauses another, and a partition keeps its task when a topic grows.
 */
export async function assignment(
  kafka: KafkaClient,
  props: Readonly<Record<string, string>>,
  args: TaskArgs,
): Promise<AssignedPartition[]> {
  const found = await kafka.admin.describeTopics(await topicsOf(kafka, props));
  const mine: AssignedPartition[] = [];
  for (const [topic, { partitions, topicId }] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (let partition = 0; partition < partitions; partition++)
      if ((offsetOf(topic) + partition) % args.tasks === args.task) mine.push({ topic, partition, topicId });
  }
  return mine;
}

/** The topics that a sink's configuration names, those of a pattern as they are now. */
export async function topicsOf(
  kafka: KafkaClient,
  props: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const pattern = props['topics.regex'];
  if (pattern !== undefined && pattern !== '') {
    return (await kafka.admin.topics()).filter(topicTest(pattern));
  }
  return (props['topics'] ?? '')
    .split(',')
    .map(topic => topic.trim())
    .filter(topic => topic !== '');
}

const MOST_TESTS = 1000;
/** By pattern: a task asks every few seconds. */
const tests = new Map<string, TextTest>();

function topicTest(pattern: string): TextTest {
  let test = tests.get(pattern);
  if (test === undefined) {
    test = rememberAnswers(javaMatcher(pattern, { setting: 'topics.regex' }));
    if (tests.size >= MOST_TESTS) tests.clear();
    tests.set(pattern, test);
  }
  return test;
}

/** Spreads topics of one partition over the tasks. */
function offsetOf(topic: string): number {
  let hash = 0;
  for (let i = 0; i < topic.length; i++) hash = (hash * 31 + topic.charCodeAt(i)) >>> 0;
  return hash;
}
