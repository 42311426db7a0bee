import type { CallName } from '../connector/operations.ts';
import type { Figures } from '../connector/task/progress.ts';
import type { TaskAttempt } from '../connector/task/task-context.ts';
import type { FailureReport } from '../failure-report.ts';

/** Messages between a worker's main thread and a task host: plain data, for worker threads and child processes. */
export type ToHost =
  | { readonly type: 'start'; readonly settings: HostSettings }
  /** Runs a task. Answered with `answer` or `failure` when it has ended; `progress` is sent before. */
  | { readonly type: 'run'; readonly id: number; readonly args: TaskAttempt }
  /** Answered with `answer` or `failure`. */
  | { readonly type: 'call'; readonly id: number; readonly name: CallName; readonly args: readonly unknown[] }
  | { readonly type: 'cancel'; readonly id: number; readonly reason: string }
  /** Answered with `answer`: metrics in Prometheus' text format. */
  | { readonly type: 'metrics'; readonly id: number }
  | ({ readonly type: 'level' } & LoggerLevel)
  /** No broker responds to this worker: its tasks, which are being cancelled, stop waiting for Kafka. */
  | { readonly type: 'kafka lost' }
  /** Temporal has answered this worker. */
  | ({ readonly type: 'contact' } & ContactState)
  /** Answer to `prove`: the request is still the current attempt of its activity. */
  | ({ readonly type: 'proven'; readonly id: number } & ContactState);

export type FromHost =
  /** thread: its `threadName()`. */
  | { readonly type: 'started'; readonly thread: string | undefined }
  /** Sent every TICK_MS unless the host's event loop is blocked. */
  | { readonly type: 'tick' }
  | ({ readonly type: 'progress'; readonly id: number } & TaskProgress)
  /** Asks whether the request is still the current attempt; answered with `proven` or `cancel`. */
  | { readonly type: 'prove'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly failure: FailureReport }
  /** The host exits because of an uncaught exception. id: the request whose code threw it, if known. */
  | { readonly type: 'crash'; readonly id: number | undefined; readonly failure: FailureReport };

export interface HostSettings {
  /** Worker properties with unresolved placeholders. */
  readonly properties: Readonly<Record<string, string>>;
  /** Paths of the worker's configuration files. */
  readonly configFiles: readonly string[];
  /** Label of all metrics, for a worker with several processes. */
  readonly process?: string;
  readonly levels: readonly LoggerLevel[];
}

export interface LoggerLevel {
  readonly logger: string;
  /** Name of the level in Java, such as `DEBUG`. */
  readonly level: string;
}

export interface ContactState {
  /** monotonicMs() before the request that Temporal answered. */
  readonly at: number;
  /** Number of times that this worker was frozen or without CPU so far. */
  readonly interruptions: number;
}

export interface TaskProgress {
  /** Without secrets. */
  readonly figures: Figures;
  /** Topics used since the previous message. */
  readonly topics: readonly string[];
  /** Records that this attempt has committed. */
  readonly written: number;
}

/** Interval of `tick`. */
export const TICK_MS = 500;
