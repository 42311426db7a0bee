import { MillraceError } from '../../errors.ts';
import { isUnauthorized } from '../failures.ts';
import type { KafkaClient } from '../port.ts';

/** A topic that loses what it must keep. */
export class NotCompactedError extends MillraceError {
  override readonly name = 'NotCompactedError';
}

/**
 * Rejects with a NotCompactedError, SOURCE_SETUP, where Kafka would delete records of a topic that must keep the last one of each key. What the
 * worker may not look at passes, as in Kafka Connect. contents: a plural, such as "source offsets".
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
    `Topic ${topic} keeps ${contents} and must have cleanup.policy=compact, but has ${policy}: they would be deleted ` +
      `after its retention time. Set it with kafka-configs.sh --bootstrap-server … --alter --entity-type topics ` +
      `--entity-name ${topic} --add-config cleanup.policy=compact, or name another topic.`,
  );
}
