import { MillraceError } from '../../errors.ts';
import { isUnauthorized } from '../failures.ts';
import type { KafkaClient } from '../port.ts';

/** A topic's cleanup policy would delete records that must be kept. */
export class NotCompactedError extends MillraceError {
  override readonly name = 'NotCompactedError';
}

/**
 * Rejects with a NotCompactedError, SOURCE_SETUP, if `cleanup.policy` of a topic is not `compact`. Accepts a topic whose configuration
 * the worker may not describe, like Kafka Connect. contents: a plural, such as "source offsets".
 */
export async function checkCompacted(kafka: KafkaClient, topic: string, contents: string): Promise<void> {
  const config = await kafka.admin.topicConfig(topic).catch((error: unknown) => {
    if (isUnauthorized(error)) return undefined;
    throw error;
  });
  const policy = config?.get('cleanup.policy');
  if (policy === undefined || policy === 'compact') return;
  throw new NotCompactedError(
    'SOURCE_SETUP',
    `Topic ${topic} stores ${contents} and must have cleanup.policy=compact, but has ${policy}: they would be deleted ` +
      `after its retention time. Set it with kafka-configs.sh --bootstrap-server … --alter --entity-type topics ` +
      `--entity-name ${topic} --add-config cleanup.policy=compact, or name another topic.`,
  );
}
