/**
 * Arguments and results of the workflows: plain JSON, the same for every Temporal SDK. Types and names only, so that
 * workflows, the REST server and the CLI can import it.
 *
 * Configurations contain placeholders (`${file:…}`, `${secret:…}`), never the values that they are replaced by.
 */

export type ConnectorConfig = Readonly<Record<string, string>>;
/** The state that the user asked for. */
export type TargetState = 'RUNNING' | 'PAUSED' | 'STOPPED';
/** The state that the status shows, in Kafka Connect's terms. */
export type State = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';
export type ConnectorType = 'source' | 'sink';

/** Argument of the workflow `connector`; its id is `connectorWorkflowId(cluster, name)`. */
export interface ConnectorArgs {
  /** `group.id` of the workers. */
  readonly cluster: string;
  readonly name: string;
  readonly type: ConnectorType;
  readonly config: ConnectorConfig;
  /** Default RUNNING. */
  readonly state?: TargetState;
  /** Task queue of the long task activities. Default: the workflow's own queue followed by `-tasks`. */
  readonly taskQueue?: string;
  /** Number of events after which the workflow continues as new. Default: when Temporal suggests it. */
  readonly maxHistoryEvents?: number;
  /** Number of configurations after the first one. Set on continue-as-new only, like `generation`. */
  readonly revision?: number;
  /** The last generation. */
  readonly generation?: number;
}

/**
 * A chunk of the state that continue-as-new passes to the next run. The state is split so that each payload has a modest
 * size. If no chunk has tasks, the next run plans them.
 */
export interface ContinuedState {
  /** Tasks that may still write. */
  readonly unfenced?: UnfencedTasks;
  readonly fences?: Fences;
  readonly tasks?: readonly TaskStatus[];
  readonly trace?: string;
  readonly topics?: readonly string[];
  /** Placeholders of the plan's offloaded values. */
  readonly kept?: readonly string[];
  /** Placeholder of the connector's offloaded configuration: `config` of the plan. */
  readonly config?: string;
}

/** Tasks that were started and have not been fenced since. */
export interface UnfencedTasks {
  /** Default: the connector's. */
  readonly config?: ConnectorConfig;
  readonly tasks: number;
  readonly altered: boolean;
}

/** Consecutive retriable failures of a task, which retries. */
export interface TaskFailureStreak {
  readonly task: number;
  /** Time of the first failure, in milliseconds since 1970. */
  readonly since: number;
  /** Message of the last failure. Absent: the task has recovered. */
  readonly failure?: string;
}

export interface TaskStatus {
  readonly id: number;
  readonly state: State;
  /** Set while the task fails with retriable errors. */
  readonly trouble?: Required<Omit<TaskFailureStreak, 'task'>>;
  /** Error and stack of a task that is FAILED. */
  readonly trace?: string;
  /** Time of the failure, in milliseconds since 1970. */
  readonly failed?: number;
  /** Keys that override the connector's configuration; placeholders unresolved. */
  readonly config: ConnectorConfig;
  /** Time of the next run of a scheduled task, in milliseconds since 1970; absent while it runs. */
  readonly wakes?: number;
}

/**
 * An offset as in Kafka Connect's REST API. A source has a partition and an offset of its own format; a sink has
 * `kafka_topic`, `kafka_partition` and `kafka_offset`. A null offset resets the partition.
 */
export interface OffsetEntry {
  readonly partition: Readonly<Record<string, JsonValue>> | null;
  readonly offset: Readonly<Record<string, JsonValue>> | null;
}
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Result of the query `status`. */
export interface ConnectorStatus {
  readonly name: string;
  readonly type: ConnectorType;
  readonly config: ConnectorConfig;
  readonly target: TargetState;
  readonly state: State;
  readonly trace?: string;
  readonly tasks: readonly TaskStatus[];
  /** Incremented by each `configure`. */
  readonly revision: number;
  /** Topics read from or written to since the last reset, at most 1,000. */
  readonly topics: readonly string[];
}

/** If both are false, only the connector is restarted, not its tasks. */
export interface RestartRequest {
  readonly includeTasks: boolean;
  readonly onlyFailed: boolean;
}

export const connectorWorkflowType = 'connector';
export const connectorWorkflowId = (cluster: string, name: string): string => `connector/${cluster}/${name}`;
/** Activity id of a task, which `describe` of the workflow shows among the pending activities. */
export const taskActivityId = (task: number): string => `task-${task}`;

/**
 * Names of the updates. Each resolves when the connector has accepted the change, not when its tasks have applied it. The
 * same names, except `restartTask` and those of offsets, are also signals for callers that need no result.
 */
export const updates = {
  /** (ConnectorConfig, revision?) → void; CONFLICT if the connector has another revision by now */
  configure: 'configure',
  /** → void */
  pause: 'pause',
  /** → void */
  resume: 'resume',
  /** → void */
  stop: 'stop',
  /** RestartRequest → void */
  restart: 'restart',
  /** number → void */
  restartTask: 'restartTask',
  /**
   * (OffsetEntry[], placeholder?) → AlterOffsetsResult; BAD_REQUEST unless the connector is STOPPED. The placeholder is
   * that of offloaded entries, if there are too many for a message
   */
  alterOffsets: 'alterOffsets',
  /** → AlterOffsetsResult; BAD_REQUEST unless the connector is STOPPED */
  resetOffsets: 'resetOffsets',
  /** → void; clears the used topics */
  resetTopics: 'resetTopics',
  /** → void; the workflow ends when its tasks have stopped and its resources are removed */
  delete: 'delete',
} as const;

export const signals = {
  /** string[]: topics that a task has read from or written to */
  usedTopics: 'usedTopics',
  /** TaskFailureStreak: a task fails repeatedly, or has recovered */
  troubled: 'troubled',
} as const;

export const queries = { status: 'status' } as const;

/** Search attributes of connector workflows, all of type Keyword. */
export const searchAttributes = {
  cluster: 'MillraceCluster',
  connector: 'MillraceConnector',
  kind: 'MillraceKind',
  class: 'MillraceClass',
  /** The state; FAILED if the connector or a task has failed, RESTARTING if a task fails repeatedly and retries. */
  state: 'MillraceState',
  /** Number of tasks, unless they run on a schedule. Clients that need no other detail can skip the query `status`. */
  tasks: 'MillraceTasks',
} as const;

export interface PlanArgs {
  readonly cluster: string;
  readonly connector: string;
  readonly config: ConnectorConfig;
}

/** The split of a connector's work into tasks. */
export interface Plan {
  /** For each task the keys that override the connector's configuration; placeholders unresolved. */
  readonly tasks: readonly ConnectorConfig[];
  /** Placeholder of the connector's offloaded configuration (JSON), if it is too large to be sent to each task. */
  readonly config?: string;
}

/** Results of fencing by task id, and by `offsets`. A writer checks its entry when it opens its producer again. */
export type Fences = Readonly<Record<string, string>>;

export interface FenceArgs extends PlanArgs {
  readonly type: ConnectorType;
  /** Fences the writers of all earlier generations. */
  readonly generation: number;
  /** Number of tasks started with `config` since the last fencing. */
  readonly tasks: number;
  /** Offsets were changed since the last fencing. */
  readonly altered: boolean;
  /** Result of the last fencing. */
  readonly fences: Fences;
}

export interface OffsetsArgs extends PlanArgs {
  /** Later writers have greater generations. */
  readonly generation: number;
  /** Entry of `Fences` for the producer that writes offsets. */
  readonly fence?: string;
  /** null: resets all offsets. */
  readonly offsets: readonly OffsetEntry[] | null;
  /** Placeholder of offloaded offsets (JSON), if there are too many for a message. */
  readonly kept?: string;
}

export interface AlterOffsetsResult {
  /** The connector validated the offsets, not only the framework. */
  readonly byConnector: boolean;
}

export interface TaskArgs {
  readonly cluster: string;
  readonly connector: string;
  readonly type: ConnectorType;
  readonly task: number;
  /** Greater than the generation of any task that the connector started earlier. */
  readonly generation: number;
  /** Entry of `Fences` for the task. */
  readonly fence?: string;
  /** Number of tasks, among which a sink's partitions are divided. */
  readonly tasks: number;
  /** The complete configuration; with `kept`, the keys that override it. */
  readonly config: ConnectorConfig;
  /** Placeholder of the connector's offloaded configuration: `config` of the plan. */
  readonly kept?: string;
  /** Set for scheduled connectors: the task ends when it has caught up. */
  readonly untilCaughtUp?: true;
}

/** Arguments for the next run of a scheduled task; times in milliseconds since 1970. */
export interface NextRunArgs {
  /** `millrace.schedule` and `millrace.schedule.timezone`. */
  readonly schedule: string;
  readonly timezone?: string;
  readonly now: number;
  /** Start of the last run; absent before the first one. */
  readonly began?: number;
}
