import type {
  ConnectorConfig,
  NextRunArgs,
  OffsetsAltered,
  OffsetsArgs,
  PlanArgs,
  TaskArgs,
} from '../workflows/messages.ts';

/** Short activities, on the workflows' own task queue. */
export interface ControlActivities {
  /** Task configurations, placeholders unresolved. */
  planTasks(args: PlanArgs): Promise<readonly ConnectorConfig[]>;
  /** What must not outlive a deleted connector. Idempotent. */
  removeConnector(args: PlanArgs): Promise<void>;
  /** When a schedule is next due. */
  nextRun(args: NextRunArgs): Promise<number>;
  /** Puts positions of a connector that does not run in the place of those that it has. Idempotent. BAD_REQUEST. */
  alterOffsets(args: OffsetsArgs): Promise<OffsetsAltered>;
}

/** Long activities, on a queue of their own: each holds a slot as long as its task runs. */
export interface TaskActivities {
  /** Runs until it is cancelled or fails. */
  runTask(args: TaskArgs): Promise<void>;
}
