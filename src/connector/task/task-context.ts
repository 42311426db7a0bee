import type { TaskArgs } from '../../../workflows/shared/messages.ts';
import type { Log } from '../../api/index.ts';
import type { ClientSettings } from '../../config/client-settings/index.ts';
import type { Redaction } from '../../config/secrets/redaction.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Progress } from './progress.ts';

/** One attempt of a task. */
export interface TaskAttempt extends TaskArgs {
  /** Temporal's number of the attempt, from 1. */
  readonly attempt: number;
}

/** One attempt of a task with its pipeline, clients and observers. */
export interface TaskContext {
  readonly args: TaskAttempt;
  readonly pipeline: Pipeline;
  readonly clients: ClientSettings;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** See CurrentAttempt.confirm. */
  readonly confirm: () => Promise<void> | undefined;
  readonly redact: Redaction;
  /** Redacted. */
  readonly log: Log;
}
