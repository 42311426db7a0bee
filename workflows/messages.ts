/**
 * What the workflows take and answer: plain JSON, the same for every Temporal SDK. Types and names only, so that
 * workflows, the REST server and the CLI may all import it.
 *
 * Configuration travels with its placeholders (`${file:…}`), never with what they stand for.
 */

export type ConnectorConfig = Readonly<Record<string, string>>;
export type TargetState = 'RUNNING' | 'PAUSED' | 'STOPPED';
export type State = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';
export type ConnectorType = 'source' | 'sink';

/** Argument of the workflow `connector`; its id is `connectorWorkflowId(cluster, name)`. */
export interface ConnectorArgs {
  readonly cluster: string;
  readonly name: string;
  readonly type: ConnectorType;
  readonly config: ConnectorConfig;
  readonly state?: TargetState;
  /** Task queue of the long task activities. */
  readonly taskQueue: string;
  /** What the connector carries over when its workflow continues as new. */
  readonly carried?: Carried;
}

export interface Carried {
  readonly tasks: readonly TaskStatus[];
  readonly connectorTrace?: string;
  readonly runs: number;
}

export interface TaskStatus {
  readonly id: number;
  readonly state: State;
  readonly trace?: string;
  /** Task configuration, placeholders unresolved. */
  readonly config: ConnectorConfig;
}

/** Answer of the query `status`. */
export interface ConnectorStatus {
  readonly name: string;
  readonly type: ConnectorType;
  readonly config: ConnectorConfig;
  readonly target: TargetState;
  readonly state: State;
  readonly trace?: string;
  readonly tasks: readonly TaskStatus[];
}

export interface RestartRequest {
  readonly includeTasks: boolean;
  readonly onlyFailed: boolean;
}

export const connectorWorkflowType = 'connector';
export const connectorWorkflowId = (cluster: string, name: string): string => `connector/${cluster}/${name}`;

/** Names of the updates; each resolves when the connector has taken the change, not when its tasks have. */
export const updates = {
  /** ConnectorConfig → void */
  configure: 'configure',
  /** → void */
  pause: 'pause',
  resume: 'resume',
  stop: 'stop',
  /** RestartRequest → ConnectorStatus */
  restart: 'restart',
  /** number → void */
  restartTask: 'restartTask',
  /** → void; the workflow ends when its tasks have stopped and what the connector leaves behind is removed */
  delete: 'delete',
} as const;

export const queries = { status: 'status' } as const;
