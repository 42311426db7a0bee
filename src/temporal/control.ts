import type { ConnectorConfig, ConnectorType, RestartRequest, State, TargetState } from '../../workflows/messages.ts';

/**
 * What the REST server asks of Temporal. Stateless; errors are MillraceErrors (NOT_FOUND, CONFLICT, BAD_REQUEST,
 * CONFIG_INVALID, TEMPORAL_UNAVAILABLE).
 */
export interface Control {
  list(): Promise<readonly string[]>;
  create(name: string, config: ConnectorConfig, state?: TargetState): Promise<ConnectorInfo>;
  info(name: string): Promise<ConnectorInfo>;
  /** created: there was no connector of this name. */
  configure(
    name: string,
    config: ConnectorConfig,
  ): Promise<{ readonly info: ConnectorInfo; readonly created: boolean }>;
  delete(name: string): Promise<void>;
  status(name: string): Promise<StatusInfo>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string, request: RestartRequest): Promise<StatusInfo>;
  restartTask(name: string, task: number): Promise<void>;
  tasks(name: string): Promise<readonly TaskInfo[]>;
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
  /** Which attempt runs, counted from 1, and what it last reported; Millrace's own. */
  readonly attempt?: number;
  readonly last_failure?: string;
  readonly figures?: Readonly<Record<string, number | string>>;
}
