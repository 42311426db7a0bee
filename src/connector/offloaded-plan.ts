import type { ConnectorConfig, Plan } from '../../workflows/shared/messages.ts';
import { jsonBytes, longestKeys, PAYLOAD_LIMITS } from '../config/payload-limits.ts';
import { MillraceError } from '../errors.ts';

/**
 * Reduces a plan to the size that a workflow accepts: stores the longest values of the tasks' configurations, such as
 * lists of thousands of tables, as secrets and replaces them by placeholders. Does the same with the connector's
 * configuration if its copies for many tasks would make the history long. TASK_CONFIG if the result is still too large.
 */
export async function offloadPlan(
  config: ConnectorConfig,
  overrides: readonly ConnectorConfig[],
  offload: (config: ConnectorConfig, keys: readonly string[]) => Promise<ConnectorConfig>,
): Promise<Plan> {
  const maxBytes =
    jsonBytes(overrides) <= PAYLOAD_LIMITS.plan
      ? PAYLOAD_LIMITS.task
      : Math.min(PAYLOAD_LIMITS.task, Math.floor(PAYLOAD_LIMITS.plan / overrides.length));
  const tasks: ConnectorConfig[] = [];
  for (const task of overrides)
    tasks.push(await offload(task, jsonBytes(task) <= maxBytes ? [] : longestKeys(task, maxBytes)));
  if (jsonBytes(tasks) > PAYLOAD_LIMITS.plan)
    throw new MillraceError(
      'TASK_CONFIG',
      `The plan of ${tasks.length} tasks is too large for a workflow: lower tasks.max or split the connector.`,
    );
  if (jsonBytes(config) * tasks.length <= PAYLOAD_LIMITS.tasks) return { tasks };
  const { document } = await offload({ document: JSON.stringify(config) }, ['document']);
  return { tasks, ...(document === undefined ? {} : { config: document }) };
}
