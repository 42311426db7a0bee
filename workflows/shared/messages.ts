/**
 * What the workflows take and answer: plain JSON, the same for every Temporal SDK. Types and names only, so that
 * workflows, the REST server and the CLI may all import it.
 *
 * Configuration travels with its placeholders (`${file:…}`, `${secret:…}`), never with what they stand for.
 */

export type ConnectorConfig = Readonly<Record<string, string>>;
/** What the connector shall do. */
export type TargetState = 'RUNNING' | 'PAUSED' | 'STOPPED';
/** What it does, in Kafka Connect's words. */
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
  /** Task queue of the long task activities. Default: the workflow's own queue with `-tasks` behind it. */
  readonly taskQueue?: string;
  /** Continue as new when the history is this long. Default: when Temporal suggests it. */
  readonly maxHistoryEvents?: number;
  /** ContinuedState over with `ContinuedState` when the workflow continues as new; left out by those who start it: how often it has been configured. */
  readonly revision?: number;
  /** Likewise: the last generation. */
  readonly generation?: number;
}

/**
 * A piece of what is carried over: there are as many as it takes for each to be a payload of modest size. Where none has
 * tasks, they are to be planned anew.
 */
export interface ContinuedState {
  /** What may still write. */
  readonly unfenced?: UnfencedTasks;
  readonly fences?: Fences;
  readonly tasks?: readonly TaskStatus[];
  readonly trace?: string;
  readonly topics?: readonly string[];
  /** Placeholders of what of the plan is kept elsewhere. */
  readonly kept?: readonly string[];
  /** `config` of the plan. */
  readonly config?: string;
}

/** Tasks that have been started, and not been fenced since. */
export interface UnfencedTasks {
  /** Left out: the connector's. */
  readonly config?: ConnectorConfig;
  readonly tasks: number;
  readonly altered: boolean;
}

/** A task that fails again and again for what passes by itself, and goes on trying. */
export interface TaskFailureStreak {
  readonly task: number;
  /** When it first did, in milliseconds since 1970. */
  readonly since: number;
  /** Why it last did. Left out: it has got going again. */
  readonly failure?: string;
}

export interface TaskStatus {
  readonly id: number;
  readonly state: State;
  /** While it fails again and again and goes on trying. */
  readonly trouble?: Required<Omit<TaskFailureStreak, 'task'>>;
  /** Why it failed. */
  readonly trace?: string;
  /** And when, in milliseconds since 1970. */
  readonly failed?: number;
  /** What its configuration has beyond the connector's, over which it goes; placeholders unresolved. */
  readonly config: ConnectorConfig;
  /** It sleeps until then, in milliseconds since 1970: it runs on a schedule. */
  readonly wakes?: number;
}

/**
 * A position, as Kafka Connect's REST API has it: of a source its own partition and offset; of a sink `kafka_topic` and
 * `kafka_partition`, and `kafka_offset`. offset null: none.
 */
export interface OffsetEntry {
  readonly partition: Readonly<Record<string, JsonValue>> | null;
  readonly offset: Readonly<Record<string, JsonValue>> | null;
}
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Answer of the query `status`. */
export interface ConnectorStatus {
  readonly name: string;
  readonly type: ConnectorType;
  readonly config: ConnectorConfig;
  readonly target: TargetState;
  readonly state: State;
  readonly trace?: string;
  readonly tasks: readonly TaskStatus[];
  /** Moves on with each `configure`. */
  readonly revision: number;
  /** Topics read from or written to since they were last reset, a thousand at most. */
  readonly topics: readonly string[];
}

/** With both false only the connector is restarted, not its tasks. */
export interface RestartRequest {
  readonly includeTasks: boolean;
  readonly onlyFailed: boolean;
}

export const connectorWorkflowType = 'connector';
export const connectorWorkflowId = (cluster: string, name: string): string => `connector/${cluster}/${name}`;
/** Activity id of a task: what `describe` of the workflow shows among its pending activities. */
export const taskActivityId = (task: number): string => `task-${task}`;

/**
 * Names of the updates. Each resolves when the connector has taken the change, not when its tasks have. The same names,
 * `restartTask` and those of offsets apart, are signals for whoever needs no answer.
 */
export const updates = {
  /**
   * ConnectorConfig → void; with a revision behind it, CONFLICT where the connector has been configured since that was
   * read
   */
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
   * OffsetEntry[] → AlterOffsetsResult, of a connector that is STOPPED; BAD_REQUEST otherwise. Behind it, instead of many, a
   * placeholder of theirs
   */
  alterOffsets: 'alterOffsets',
  /** → AlterOffsetsResult, likewise: it begins anew */
  resetOffsets: 'resetOffsets',
  /** → void: topics used until now are forgotten */
  resetTopics: 'resetTopics',
  /** → void; the workflow ends when its tasks have stopped and what must not outlive the connector is removed */
  delete: 'delete',
} as const;

export const signals = {
  /** string[] → : topics that a task has read from or written to */
  usedTopics: 'usedTopics',
  /** TaskFailureStreak → : a task fails again and again, or no longer */
  troubled: 'troubled',
} as const;

export const queries = { status: 'status' } as const;

/** Typed search attributes that every connector workflow carries, all keywords. */
export const searchAttributes = {
  cluster: 'MillraceCluster',
  connector: 'MillraceConnector',
  kind: 'MillraceKind',
  class: 'MillraceClass',
  /** What it does; FAILED where anything of it has, RESTARTING where a task fails again and again and goes on trying. */
  state: 'MillraceState',
  /** How many tasks it has, where they run all the time: whoever asks for its status need not ask itself. */
  tasks: 'MillraceTasks',
} as const;

export interface PlanArgs {
  readonly cluster: string;
  readonly connector: string;
  readonly config: ConnectorConfig;
}

/** How a connector's work is split. */
export interface Plan {
  /** What each task's configuration has beyond the connector's, placeholders unresolved. */
  readonly tasks: readonly ConnectorConfig[];
  /**
   * A placeholder of the connector's configuration as JSON, where that is too long to be given to each of so many tasks.
   */
  readonly config?: string;
}

/** Of producers' ids by task, and of `offsets`: what is to be known of a fence when the id is opened next. */
export type Fences = Readonly<Record<string, string>>;

export interface FenceArgs extends PlanArgs {
  readonly type: ConnectorType;
  /** As a task's: it refuses the writers of all generations before. */
  readonly generation: number;
  /** How many tasks have been started with `config` since the last fence. */
  readonly tasks: number;
  /** Offsets have been set since the last fence. */
  readonly altered: boolean;
  /** Answer of the last fence. */
  readonly fences: Fences;
}

export interface OffsetsArgs extends PlanArgs {
  /** As a task's: later writers are greater. */
  readonly generation: number;
  /** What the last fence has answered for the producer that sets offsets. */
  readonly fence?: string;
  /** null: none of those that there are. */
  readonly offsets: readonly OffsetEntry[] | null;
  /** A placeholder of the offsets as JSON, where they are too many for a workflow. */
  readonly kept?: string;
}

export interface AlterOffsetsResult {
  /** The connector looked at them, too, and not just the framework. */
  readonly byConnector: boolean;
}

export interface TaskArgs {
  readonly cluster: string;
  readonly connector: string;
  readonly type: ConnectorType;
  readonly task: number;
  /** Greater than that of any task of the connector that was started before. Of its attempts, the last one writes. */
  readonly generation: number;
  /** What the last fence has answered for it. */
  readonly fence?: string;
  /** How many tasks the connector has: a sink's partitions are shared out by it. */
  readonly tasks: number;
  /** Without `kept` the whole; with it what goes over that. */
  readonly config: ConnectorConfig;
  /** `config` of the plan. */
  readonly kept?: string;
  /** Of a connector on a schedule: the task ends by itself when it has caught up. */
  readonly untilCaughtUp?: true;
}

/** When a task on a schedule is to run, in milliseconds since 1970. */
export interface NextRunArgs {
  /** `millrace.schedule` and `millrace.schedule.timezone`. */
  readonly schedule: string;
  readonly timezone?: string;
  readonly now: number;
  /** When it last began; left out where it has not. */
  readonly began?: number;
}
