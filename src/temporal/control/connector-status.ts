import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  type ConnectorStatus,
  type RestartRequest,
  type State,
  searchAttributes,
  type TaskStatus,
  taskActivityId,
} from '../../../workflows/shared/messages.ts';
import type { Description } from './connector-workflows.ts';
import type { StatusInfo, TaskState } from './control.ts';

/** temporal.api.enums.v1.PendingActivityState */
const SCHEDULED = 1;
const CANCEL_REQUESTED = 3;

type PendingActivity = NonNullable<Description['raw']['pendingActivities']>[number];
type TaskSummary = Omit<TaskStatus, 'config'>;
type StatusSummary = Pick<ConnectorStatus, 'name' | 'type' | 'state' | 'trace'> & {
  readonly tasks: readonly TaskSummary[];
};

/** workerId: of this process, for the connector and for tasks that no worker runs. */
export async function statusInfo(
  name: string,
  workerId: string,
  description: Description,
  queryStatus: () => Promise<ConnectorStatus | undefined>,
): Promise<StatusInfo> {
  const described = describedStatus(name, description);
  const status: StatusSummary = areAllRunning(described, description)
    ? described
    : ((await queryStatus()) ?? described);
  const pending = new Map((description.raw.pendingActivities ?? []).map(activity => [activity.activityId, activity]));
  return {
    name,
    connector: {
      state: status.state,
      worker_id: workerId,
      ...(status.trace === undefined ? {} : { trace: status.trace }),
    },
    tasks: status.tasks.map(task =>
      task.wakes !== undefined && task.state === 'RUNNING'
        ? sleepingTask(task.id, task.wakes, workerId)
        : taskState(task, pending.get(taskActivityId(task.id)), workerId),
    ),
    type: status.type,
  };
}

/** Shows the restarted connector and tasks as RESTARTING, like Kafka Connect. */
export function restartingStatus(status: StatusInfo, { includeTasks, onlyFailed }: RestartRequest): StatusInfo {
  const restarting = <T extends { readonly state: string; readonly trace?: string }>(part: T): T => {
    if (onlyFailed && part.state !== 'FAILED') return part;
    const { trace: _, ...rest } = part;
    return { ...rest, state: 'RESTARTING' } as T;
  };
  return {
    ...status,
    connector: restarting(status.connector),
    tasks: includeTasks ? status.tasks.map(restarting) : status.tasks,
  };
}

/** The status from Temporal's description of the workflow, with the tasks whose activities are pending. */
function describedStatus(name: string, { searchAttributes: attributes, raw }: Description): StatusSummary {
  const first = (key: string) => attributes?.[key]?.[0];
  const tasks = (raw.pendingActivities ?? []).flatMap(({ activityId }) => {
    const id = /^task-(\d+)$/.exec(activityId ?? '')?.[1];
    return id === undefined ? [] : [{ id: Number(id), state: 'RUNNING' as const }];
  });
  tasks.sort((a, b) => a.id - b.id);
  return {
    name,
    type: first(searchAttributes.kind) === 'sink' ? 'sink' : 'source',
    state: connectorState(first(searchAttributes.state)),
    tasks,
  };
}

/** The attribute is RESTARTING if a task restarts; the connector itself is RUNNING then. */
const connectorState = (attribute: unknown): State =>
  attribute === 'RESTARTING' ? 'RUNNING' : ((attribute as State | undefined) ?? 'UNASSIGNED');

/**
 * All tasks of the connector run, so that their heartbeats contain their status. False for a connector that was just paused
 * or stopped and has requested the cancellation of its tasks: the workflow itself has the status.
 */
const areAllRunning = ({ state, tasks }: StatusSummary, { searchAttributes: attributes, raw }: Description): boolean =>
  state === 'RUNNING' &&
  tasks.length > 0 &&
  attributes?.[searchAttributes.tasks]?.[0] === String(tasks.length) &&
  !raw.pendingActivities?.some(activity => activity.state === CANCEL_REQUESTED);

function taskState(
  { id, state, trace }: TaskSummary,
  activity: PendingActivity | undefined,
  workerId: string,
): TaskState {
  if (activity === undefined) {
    // RUNNING without an activity: the workflow has not scheduled it yet.
    const shownState = state === 'RUNNING' ? 'UNASSIGNED' : state;
    return { id, state: shownState, worker_id: workerId, ...(trace === undefined ? {} : { trace }) };
  }
  const attempt = activity.attempt ?? 1;
  const failure = activity.lastFailure?.message ?? undefined;
  const isWaiting = activity.state === SCHEDULED;
  const figures = activity.heartbeatDetails?.payloads?.[0];
  return {
    id,
    state: !isWaiting ? state : attempt > 1 ? 'RESTARTING' : 'UNASSIGNED',
    worker_id: activity.lastWorkerIdentity || workerId,
    attempt,
    ...(isWaiting && failure !== undefined ? { trace: failure } : {}),
    ...(failure !== undefined ? { last_failure: failure } : {}),
    ...(figures ? { figures: defaultPayloadConverter.fromPayload(figures as Payload) } : {}),
  };
}

/** A task that waits for its schedule is RUNNING. */
const sleepingTask = (id: number, wakes: number, workerId: string): TaskState => ({
  id,
  state: 'RUNNING',
  worker_id: workerId,
  figures: { sleeps_until: new Date(wakes).toISOString() },
});
