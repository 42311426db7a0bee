import { ActivityCancellationType, proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { ControlActivities, TaskActivities } from '../../activities/index.ts';
import { taskActivityId } from '../shared/messages.ts';

/** Temporal limits summaries to 400 bytes and search attributes to 255 characters. */
export const MAX_NAME_CHARS = 100;

/** Retries while a server is down. */
export const planning = proxyActivities<ControlActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '4 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '30 seconds' },
});

export const removal = proxyActivities<ControlActivities>({
  startToCloseTimeout: '30 seconds',
  // An activity that was dispatched to a worker that is gone is soon dispatched again.
  heartbeatTimeout: '4 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '5 seconds', maximumAttempts: 5 },
});

/** Retries while Kafka is down; no task starts before it has succeeded. */
export const fencing = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '3 seconds',
  retry: { initialInterval: '250 ms', maximumInterval: '5 seconds' },
});

/** Fencing for a deletion, which does not wait for a server that is down. */
export const lastFencing = proxyActivities<ControlActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '10 seconds',
  heartbeatTimeout: '3 seconds',
  retry: { initialInterval: '250 ms', maximumInterval: '5 seconds' },
});

/** Retries for a minute at most: the caller waits and can repeat the request. */
export const offsetChange = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '1 minute',
  heartbeatTimeout: '4 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '5 seconds' },
});

export const schedule = proxyLocalActivities<Pick<ControlActivities, 'nextRun'>>({ startToCloseTimeout: '5 seconds' });

/** taskQueue: default is the workflow's own queue followed by `-tasks`. */
export function taskActivity(connector: string, task: number, taskQueue: string | undefined): TaskActivities {
  return proxyActivities<TaskActivities>({
    activityId: taskActivityId(task),
    taskQueue: taskQueue ?? `${workflowInfo().taskQueue}-tasks`,
    // A task runs until it is cancelled; its heartbeat is the only sign of life. Two of these timeouts, the second for an
    // attempt that was dispatched to a pending poll of the lost worker, and a start fit into the ten seconds of a takeover.
    startToCloseTimeout: '3650 days',
    heartbeatTimeout: '4 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '250 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
    summary: `${connector.slice(0, MAX_NAME_CHARS)} task ${task}`,
  });
}
