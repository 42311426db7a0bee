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
  /** Splits the connector's work into tasks. offloaded: placeholders of the previous plan, whose tasks have ended. */
  planTasks(args: PlanArgs, offloaded?: readonly string[]): Promise<Plan>;
  /** Fences earlier tasks of the connector, whose activities have ended or timed out. Idempotent. */
  fenceTasks(args: FenceArgs): Promise<Fences>;
  /** Removes the resources of a deleted connector. offloaded: placeholders of its plan. Idempotent. */
  removeConnector(args: PlanArgs, offloaded?: readonly string[]): Promise<void>;
  /** Returns the next run of a schedule, in milliseconds since 1970. */
  nextRun(args: NextRunArgs): Promise<number>;
  /** Replaces the offsets of a stopped connector. Idempotent. BAD_REQUEST. */
  alterOffsets(args: OffsetsArgs): Promise<AlterOffsetsResult>;
}

/** Long activities, on a queue of their own: each occupies a slot while its task runs. */
export interface TaskActivities {
  /** Runs until it is cancelled or fails. */
  runTask(args: TaskArgs): Promise<void>;
}
