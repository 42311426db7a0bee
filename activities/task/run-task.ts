import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Log } from '../../src/api/index.ts';
import type { TaskAttempt } from '../../src/connector/task/task-context.ts';
import { HeartbeatTicker } from '../../src/data-plane/heartbeat-ticker.ts';
import { HostLostError } from '../../src/data-plane/host-lost.ts';
import type { ContactState, TaskProgress } from '../../src/data-plane/messages.ts';
import { RemoteError } from '../../src/data-plane/remote-error.ts';
import { kindOf, messageOf } from '../../src/errors.ts';
import { type FailureReport, reportFailure, truncateMiddle } from '../../src/failure-report.ts';
import { toFailure } from '../../src/temporal/failure.ts';
import type { TaskArgs } from '../../workflows/shared/messages.ts';
import { type AttemptProofDeps, proveAttempt } from './attempt-proof.ts';
import { AttemptReporter } from './attempt-reporter.ts';
import { SUSPECT_RETRY_MS, unresponsiveError } from './unresponsive-error.ts';

/** Characters of a failure's message in a signal. */
const MAX_FAILURE_CHARS = 2000;

export interface RunTaskDeps extends AttemptProofDeps {
  /** Runs the data plane of a task until it ends; rejects with RemoteError or HostLostError. */
  run(args: TaskAttempt, options: RunOptions): Promise<void>;
  /** Counts an attempt; returns the function to call after its end. */
  countAttempt(args: TaskArgs): (failed: boolean) => void;
  /** Sends one of `signals` to a connector; times out soon. */
  signal(workflowId: string, name: string, argument: unknown): Promise<void>;
  readonly log: Log;
  /** Aborted when this process stops or suspends running tasks: another worker takes them over. */
  readonly leaveSignal: () => AbortSignal;
}

export interface RunOptions {
  /** Runs the task in a process without other tasks. */
  readonly isolated: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TaskProgress) => void;
  /** See proveAttempt. */
  readonly confirmAttempt: () => Promise<ContactState>;
}

/**
 * The activity of one task. Its data plane runs elsewhere, so that the activity heartbeats whatever connectors' code does.
 * Heartbeats contain figures for people, never the position. The data plane is closed before the activity returns.
 */
export function runTaskActivity(deps: RunTaskDeps): (args: TaskArgs) => Promise<void> {
  const ticker = new HeartbeatTicker();
  return async args => {
    const context = Context.current();
    const signal = AbortSignal.any([context.cancellationSignal, deps.leaveSignal()]);
    const reporter = newReporter(deps, context, args);
    const fields = { connector: args.connector, task: args.task };
    const { attempt } = context.info;
    const confirmAttempt = () => proveAttempt(deps, context, () => reporter.figures);
    const endAttempt = deps.countAttempt(args);
    let failed = false;
    const stopTicker = ticker.add(() => reporter.heartbeatIfIdle());
    reporter.heartbeat();
    try {
      // A frozen worker may have received this attempt long ago: it must not fence the one that replaced it.
      await confirmAttempt();
      deps.log.info({ ...fields, attempt }, 'task starts');
      const { isIsolated: isolated } = reporter.history;
      const onProgress = (progress: TaskProgress) => reporter.onProgress(progress);
      await deps.run({ ...args, attempt }, { isolated, signal, onProgress, confirmAttempt });
      if (!signal.aborted) return;
    } catch (error) {
      if (!signal.aborted) {
        failed = true;
        throw await reportTaskFailure(error, { deps, reporter, args });
      }
      deps.log.warn({ ...fields, reason: messageOf(error) }, 'task ended with an error while it was being stopped');
    } finally {
      stopTicker();
      reporter.reportTopics();
      endAttempt(failed);
    }
    deps.log.info({ ...fields, reason: messageOf(signal.reason) }, 'task stopped');
    reporter.lastHeartbeat();
    // Temporal expects the reason of its cancellation. Otherwise this process leaves, and the next attempt may start at
    // once.
    if (context.cancellationSignal.aborted) await context.cancelled;
    throw ApplicationFailure.create({
      message: `The task continues on another worker: ${messageOf(signal.reason)}.`,
      type: 'WORKER_SHUTDOWN',
      nextRetryDelay: 1,
      // No failure: Temporal's SDK logs no warning.
      category: ApplicationFailureCategory.BENIGN,
    });
  };
}

function newReporter(deps: RunTaskDeps, context: Context, { task }: TaskArgs): AttemptReporter {
  const workflowId = context.info.workflowExecution?.workflowId ?? '';
  const send = (name: string, argument: unknown) => deps.signal(workflowId, name, argument);
  return new AttemptReporter(context, { task, send, log: deps.log });
}

interface FailureContext {
  readonly deps: RunTaskDeps;
  readonly reporter: AttemptReporter;
  readonly args: TaskArgs;
}

/** Logs and reports the failure of an attempt; returns the activity's error, which says when to retry. */
async function reportTaskFailure(error: unknown, context: FailureContext): Promise<ApplicationFailure> {
  const {
    deps: { log },
    reporter,
    args: { connector, task },
  } = context;
  if (error instanceof HostLostError) {
    const { isSuspect, suspicion } = error;
    const history = isSuspect ? reporter.history.afterUnresponsive(suspicion.stack) : reporter.history;
    const lost = unresponsiveError(`Task ${connector}-${task}`, error, history);
    log.error({ connector, task, ...history.figures, reason: lost.message }, 'task was interrupted');
    reporter.lastHeartbeat(history);
    return toFailure(reportFailure(lost), isSuspect ? SUSPECT_RETRY_MS : 1);
  }
  const { signals } = reporter;
  if (reporter.hasRecovered) await signals.recovered();
  const report = reportOf(error);
  const retryMs = signals.recordFailure();
  const kind = kindOf(error);
  log.error({ connector, task, kind, reason: report.message, ...signals.figures }, 'task failed');
  reporter.lastHeartbeat();
  if (kind === 'retriable')
    await signals.failing(truncateMiddle(`${report.code}: ${report.message}`, MAX_FAILURE_CHARS));
  return toFailure(report, retryMs);
}

const reportOf = (error: unknown): FailureReport =>
  error instanceof RemoteError ? error.report : reportFailure(error);
