import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Log } from '../../src/api/index.ts';
import type { Snapshot } from '../../src/connector/task/progress.ts';
import type { TaskAttempt } from '../../src/connector/task/task-context.ts';
import { Pulse } from '../../src/data-plane/heartbeat-ticker.ts';
import { HostLostError } from '../../src/data-plane/host-lost.ts';
import type { ContactState, TaskProgress } from '../../src/data-plane/messages.ts';
import { RemoteError } from '../../src/data-plane/remote-error.ts';
import { kindOf, messageOf } from '../../src/errors.ts';
import { cut, type FailureReport, reportFailure } from '../../src/failure-report.ts';
import { toFailure } from '../../src/temporal/failure.ts';
import type { TaskArgs } from '../../workflows/shared/messages.ts';
import { AttemptHistory } from './attempt-history.ts';
import { type AttemptProofDeps, proveAttempt } from './attempt-proof.ts';
import { troubleOf } from './failure-streak.ts';
import { News } from './task-signals.ts';
import { SUSPECT_RETRY_MS, unresponsiveError } from './unresponsive-error.ts';

/** Characters of the failure that a connector is told of. */
const FAILURE = 2000;
/** A task that has nothing to do counts as recovered after this time. */
const WELL_MS = 60_000;
/** After this time an attempt that ends unusually is the first one again. */
const SETTLED_MS = 300_000;
/** Every other second of the pulse: an idle task has nothing to report. */
const SILENT_MS = 1500;

export interface RunTaskDeps extends AttemptProofDeps {
  /** Runs the data plane of a task until it ends; rejects with RemoteError or HostLostError. */
  run(args: TaskAttempt, options: RunOptions): Promise<void>;
  /** Counts an attempt; the function that it returns is called when it has ended. */
  started(args: TaskArgs): (failed: boolean) => void;
  /** Sends a connector one of `signals`, and does not wait for long. */
  signal(workflowId: string, name: string, argument: unknown): Promise<void>;
  readonly log: Log;
  /** Aborted when this process stops taking tasks, for a while or for good: those that run go to another worker. */
  readonly leaving: () => AbortSignal;
}

export interface RunOptions {
  /** Not in a process with other tasks. */
  readonly isolated: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: TaskProgress) => void;
  /** See proveAttempt. */
  readonly prove: () => Promise<ContactState>;
}

/**
 * The long activity behind one task. Its data plane runs elsewhere: this thread heartbeats, whatever connectors' code
 * does. Heartbeats carry figures for people; the position is never in them. Whatever ends it, the data plane has been
 * closed before it returns.
 */
export function runTaskActivity(deps: RunTaskDeps): (args: TaskArgs) => Promise<void> {
  const pulse = new Pulse();
  return async args => {
    const context = Context.current();
    const name = `${args.connector}-${args.task}`;
    const fields = { connector: args.connector, task: args.task };
    const ended = deps.started(args);
    let failed = false;
    const signal = AbortSignal.any([context.cancellationSignal, deps.leaving()]);
    const { workflowExecution, heartbeatDetails, attempt } = context.info;
    const send = (signalName: string, argument: unknown) =>
      deps.signal(workflowExecution?.workflowId ?? '', signalName, argument);
    const news = new News({ task: args.task, send, log: deps.log }, troubleOf(heartbeatDetails));
    let history = AttemptHistory.from(heartbeatDetails);
    const began = performance.now();
    let progress: TaskProgress = { figures: {}, topics: [], written: 0 };
    let lastBeat = 0;
    const age = () => performance.now() - began;
    const isWell = () => progress.written > 0 || age() > WELL_MS;
    const earlier = () => (age() > SETTLED_MS ? AttemptHistory.from(undefined) : history);
    const figures = (more: Snapshot) => ({ ...progress.figures, ...news.figures, ...more });
    const beat = (more: Snapshot) => {
      lastBeat = performance.now();
      context.heartbeat(figures(more));
    };
    const prove = () => proveAttempt(deps, context, () => figures(earlier().figures));
    const topics = new Set<string>();
    const onProgress = (report: TaskProgress) => {
      progress = report;
      for (const topic of report.topics) topics.add(topic);
      beat(earlier().figures);
      void news.topics(topics);
      if (isWell()) void news.well();
    };
    const stopPulse = pulse.add(() => {
      if (performance.now() - lastBeat > SILENT_MS) beat(earlier().figures);
    });
    beat(history.figures);
    try {
      // A worker that was frozen may have received this attempt long ago: it must not fence its successor.
      await prove();
      deps.log.info({ ...fields, attempt }, 'task starts');
      await deps.run({ ...args, attempt }, { isolated: history.isIsolated, signal, onProgress, prove });
      if (!signal.aborted) return;
    } catch (error) {
      if (signal.aborted) {
        deps.log.warn({ ...fields, reason: messageOf(error) }, 'task ended with an error while it was being stopped');
      } else if (error instanceof HostLostError) {
        failed = true;
        history = error.isSuspect ? earlier().afterUnresponsive(error.suspicion.stack) : earlier();
        const lost = unresponsiveError(`Task ${name}`, error, history);
        deps.log.error({ ...fields, ...history.figures, reason: lost.message }, 'task was interrupted');
        beat(history.lastFigures);
        throw toFailure(reportFailure(lost), error.isSuspect ? SUSPECT_RETRY_MS : 1);
      } else {
        failed = true;
        if (isWell()) await news.well();
        const report = reportOf(error);
        const retryMs = news.failed();
        const kind = kindOf(error);
        deps.log.error({ ...fields, kind, reason: report.message, ...news.figures }, 'task failed');
        // The next attempt learns of this one from its last heartbeat.
        beat(earlier().lastFigures);
        if (kind === 'retriable') await news.trouble(cut(`${report.code}: ${report.message}`, FAILURE));
        throw toFailure(report, retryMs);
      }
    } finally {
      stopPulse();
      void news.topics(topics);
      ended(failed);
    }
    deps.log.info({ ...fields, reason: messageOf(signal.reason) }, 'task stopped');
    beat(earlier().lastFigures);
    // Temporal expects the reason that it gave; without one it is this process that leaves, and the next attempt may
    // begin at once.
    if (context.cancellationSignal.aborted) await context.cancelled;
    throw ApplicationFailure.create({
      message: `The task goes on elsewhere: ${messageOf(signal.reason)}.`,
      type: 'WORKER_SHUTDOWN',
      nextRetryDelay: 1,
      // Nothing has failed: not to be warned of.
      category: ApplicationFailureCategory.BENIGN,
    });
  };
}

const reportOf = (error: unknown): FailureReport =>
  error instanceof RemoteError ? error.report : reportFailure(error);
