import type {
  AlterOffsetsResult,
  ConnectorConfig,
  ConnectorType,
  OffsetEntry,
  RestartRequest,
  State,
  TargetState,
} from '../../../workflows/shared/messages.ts';

/**
 * Operations on the connectors of a cluster. Stateless; errors are MillraceErrors (NOT_FOUND, CONFLICT, BAD_REQUEST,
 * CONFIG_INVALID, TEMPORAL_UNAVAILABLE).
 */
export interface Control {
  list(): Promise<readonly string[]>;
  /** offsets: start offsets. If they cannot be set, the connector is not created. */
  create(
    name: string,
    config: ConnectorConfig,
    state?: TargetState,
    offsets?: readonly OffsetEntry[],
  ): Promise<ConnectorInfo>;
  info(name: string): Promise<ConnectorInfo>;
  /** created: false if a connector of this name existed. */
  configure(
    name: string,
    config: ConnectorConfig,
  ): Promise<{ readonly info: ConnectorInfo; readonly created: boolean }>;
  /** Replaces the keys of the patch; null removes a key. Concurrent changes of other keys are preserved. */
  patch(name: string, patch: Readonly<Record<string, string | null>>): Promise<ConnectorInfo>;
  delete(name: string): Promise<void>;
  status(name: string): Promise<StatusInfo>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string, request: RestartRequest): Promise<StatusInfo>;
  restartTask(name: string, task: number): Promise<void>;
  tasks(name: string): Promise<readonly TaskInfo[]>;
  /** Topics that the connector has used since the last reset. */
  topics(name: string): Promise<readonly string[]>;
  resetTopics(name: string): Promise<void>;
  /** Changes the offsets of a stopped connector; null resets all. */
  alterOffsets(name: string, offsets: readonly OffsetEntry[] | null): Promise<AlterOffsetsResult>;
}

/** Connect's ConnectorInfo. */
export interface ConnectorInfo {
  readonly name: string;
  readonly config: ConnectorConfig;
  readonly tasks: readonly TaskId[];
  readonly type: ConnectorType;
}

export interface TaskId {
  readonly connector: string;
  readonly task: number;
}

export interface TaskInfo {
  readonly id: TaskId;
  readonly config: ConnectorConfig;
}

/** Connect's ConnectorStateInfo. */
export interface StatusInfo {
  readonly name: string;
  readonly connector: {
    readonly state: State;
    readonly worker_id: string;
    readonly trace?: string;
    readonly version?: string;
  };
  readonly tasks: readonly TaskState[];
  readonly type: ConnectorType;
}

export interface TaskState {
  readonly id: number;
  readonly state: State;
  readonly worker_id: string;
  readonly trace?: string;
  readonly version?: string;
  /** Number of the attempt, from 1. This and the next two fields are not in Kafka Connect's format. */
  readonly attempt?: number;
  readonly last_failure?: string;
  readonly figures?: Readonly<Record<string, number | string>>;
}
