import type {
  AlterOffsetsResult,
  FenceArgs,
  Fences,
  NextRunArgs,
  OffsetsArgs,
  Plan,
  PlanArgs,
  TaskArgs,
} from '../workflows/shared/messages.ts';

/** Short activities, on the workflows' own task queue. */
export interface ControlActivities {
  /**
   * How the connector's work is split. before: placeholders of what is kept of the plan that there was, whose tasks have
   * ended.
   */
  planTasks(args: PlanArgs, before?: readonly string[]): Promise<Plan>;
  /** Refuses whatever older tasks of the connector still write. The tasks have ended or timed out. Idempotent. */
  fenceTasks(args: FenceArgs): Promise<Fences>;
  /** What must not outlive a deleted connector. kept: placeholders of what is kept of its plan. Idempotent. */
  removeConnector(args: PlanArgs, kept?: readonly string[]): Promise<void>;
  /** When a schedule is next due. */
  nextRun(args: NextRunArgs): Promise<number>;
  /** Puts positions of a connector that does not run in the place of those that it has. Idempotent. BAD_REQUEST. */
  alterOffsets(args: OffsetsArgs): Promise<AlterOffsetsResult>;
}

/** Long activities, on a queue of their own: each holds a slot as long as its task runs. */
export interface TaskActivities {
  /** Runs until it is cancelled or fails. */
  runTask(args: TaskArgs): Promise<void>;
}
