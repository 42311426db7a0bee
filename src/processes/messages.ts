/** Messages between the processes of a worker, over Node's channel between a parent and its children. */
export type ToParent =
  /** This process has started. Sent once. */
  | { readonly type: 'started' }
  /** Requests the metrics of all processes; answered by `allMetrics` with the same id. */
  | { readonly type: 'collectMetrics'; readonly id: number }
  /** Metrics of this process, in Prometheus' text format; answers `requestMetrics`. */
  | { readonly type: 'ownMetrics'; readonly id: number; readonly text: string }
  /** A log level was set here. */
  | LevelMessage;

export type ToChild =
  | { readonly type: 'requestMetrics'; readonly id: number }
  | { readonly type: 'allMetrics'; readonly id: number; readonly texts: readonly string[] }
  | LevelMessage;

export interface LevelMessage {
  readonly type: 'level';
  readonly logger: string;
  /** Java name of the level. */
  readonly level: string;
}

/** Environment variable with the number of the process, from 1. */
export const processVariable = 'MILLRACE_PROCESS';
