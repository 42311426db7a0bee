import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../api/index.ts';
import { messageOf } from '../errors.ts';
import { NotCompactedError } from '../kafka/storage/compacted-topic.ts';
import type { ConfigTopic } from '../kafka/storage/config-topic.ts';

/** Milliseconds that the start waits for the check. */
const CONFIG_TOPIC_MS = 3000;

/**
 * Rejects if the topic of secrets is not compacted and would lose them. Any other failure is only logged: later users of the
 * topic report it. Waits only a moment for a Kafka that does not answer.
 */
export async function checkConfigTopic(configs: ConfigTopic, log: Log): Promise<void> {
  const checked = configs.ensure().catch((error: unknown) => {
    if (error instanceof NotCompactedError) throw error;
    log.warn({ reason: messageOf(error) }, 'config.storage.topic cannot be used yet');
  });
  let isLate = false;
  const timer = delay(CONFIG_TOPIC_MS).then(() => {
    isLate = true;
  });
  checked.catch((error: unknown) => {
    if (isLate) log.error({ reason: messageOf(error) }, 'config.storage.topic cannot be used');
  });
  await Promise.race([checked, timer]);
}
