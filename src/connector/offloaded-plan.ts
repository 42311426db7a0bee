import type { ConnectorConfig, Plan } from '../../workflows/shared/messages.ts';
import { bytesOf, longestKeys, ROOM } from '../config/payload-limits.ts';
import { MillraceError } from '../errors.ts';

/**
 * A plan that fits into a workflow. Where the tasks' own configurations are too long, such as the lists of thousands of
 * tables, their longest values are put where secrets are, and placeholders stand in their place; so does the connector's
 * configuration where the tasks are so many that it would make the history long. TASK_CONFIG where even that is too long.
 */
export async function keptApart(
  config: ConnectorConfig,
  own: readonly ConnectorConfig[],
  keep: (config: ConnectorConfig, keys: readonly string[]) => Promise<ConnectorConfig>,
): Promise<Plan> {
  const most = bytesOf(own) <= ROOM.plan ? ROOM.task : Math.min(ROOM.task, Math.floor(ROOM.plan / own.length));
  const tasks: ConnectorConfig[] = [];
  for (const task of own) tasks.push(await keep(task, bytesOf(task) <= most ? [] : longestKeys(task, most)));
  if (bytesOf(tasks) > ROOM.plan)
    throw new MillraceError(
      'TASK_CONFIG',
      `What ${tasks.length} tasks have of their own is too much for a workflow: lower tasks.max, or split the connector.`,
    );
  if (bytesOf(config) * tasks.length <= ROOM.tasks) return { tasks };
  const { document } = await keep({ document: JSON.stringify(config) }, ['document']);
  return { tasks, ...(document === undefined ? {} : { config: document }) };
}
