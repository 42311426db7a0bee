import type { Log } from '../src/api/index.ts';
import type { ClientSettings } from '../src/config/client-settings/index.ts';
import type { Redaction } from '../src/config/redaction.ts';
import type { TaskAttempt } from './index.ts';
import type { Pipeline } from './pipeline.ts';
import type { Progress } from './progress.ts';

/** One attempt of a task, and what it reports to. */
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
