import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Log } from '../src/api/index.ts';
import type { TaskObserver } from '../src/engine/observer.ts';
import { kindOf, messageOf } from '../src/errors.ts';
import { cut, toFailure } from '../src/temporal/failure.ts';
import type { TaskArgs } from '../workflows/messages.ts';
import type { TaskAttempt } from './index.ts';
import { News } from './news.ts';
import { Progress, type Snapshot } from './progress.ts';
import { Pulse } from './pulse.ts';
import { troubleOf } from './trouble.ts';

/** Characters of a figure that is a text. */
const FIGURE = 500;
/** Characters of what is told of a task in trouble. */
const FAILURE = 2000;
/** A task that gets nothing done, as there is nothing to do, is well when it has run for so long. */
const WELL_MS = 60_000;

/** Runs a task's data plane until the signal aborts. */
export type TaskBody = (args: TaskAttempt, progress: Progress, signal: AbortSignal, log: Log) => Promise<void>;

export interface RunTaskDeps {
  readonly body: TaskBody;
  /** Takes the secrets of a task out of a text. */
  redact(args: TaskAttempt, text: string): string;
  /** The same for the name of a topic. */
  redactTopic(args: TaskAttempt, topic: string): string;
  /** Where the metrics of a task are kept; called when it starts. */
  observe?(args: TaskArgs): Partial<TaskObserver>;
  /** Sends a connector one of `signals`, and does not wait for long. */
  signal(workflowId: string, name: string, argument: unknown): Promise<void>;
  readonly log: Log;
  /** Aborted when this process stops taking tasks: they commit what they have in hand and go to another worker. */
  readonly leaving: AbortSignal;
}

/**
 * The long activity behind one task. Heartbeats carry figures for people; the position is never in them. Whatever ends
 * it, the data plane has been closed before it returns.
 */
export function runTaskActivity(deps: RunTaskDeps): (args: TaskArgs) => Promise<void> {
  const pulse = new Pulse();
  return async given => {
    const context = Context.current();
    const args: TaskAttempt = { ...given, attempt: context.info.attempt };
    const log = withFields(deps.log, { connector: args.connector, task: args.task });
    const observer = deps.observe?.(args) ?? {};
    const progress = new Progress(observer);
    let failed = false;
    const signal = AbortSignal.any([context.cancellationSignal, deps.leaving]);
    const redact = (text: string) => deps.redact(args, text);
    const { workflowExecution, heartbeatDetails } = context.info;
    const send = (name: string, argument: unknown) => deps.signal(workflowExecution?.workflowId ?? '', name, argument);
    const redactTopic = (topic: string) => deps.redactTopic(args, topic);
    const news = new News({ task: args.task, send, redactTopic, log }, troubleOf(heartbeatDetails));
    const began = performance.now();
    const isWell = () => progress.total > 0 || performance.now() - began > WELL_MS;
    const beatOnce = () => context.heartbeat(shown({ ...progress.snapshot(), ...news.figures }, redact));
    let said = true;
    // How a task says that it is alive, and hears that it must stop: every second, every other where nothing has moved.
    const rest = pulse.add(() => {
      // Hundreds of idle tasks would keep Temporal busy with nothing else.
      said = !said || progress.moved();
      if (said) beatOnce();
      void news.topics(progress);
      if (isWell()) void news.well();
    });
    beatOnce();
    try {
      log.info({ attempt: context.info.attempt }, 'task starts');
      await deps.body(args, progress, signal, log);
      if (!signal.aborted) return;
    } catch (error) {
      if (!signal.aborted) {
        failed = true;
        if (isWell()) await news.well();
        const failure = toFailure(error, redact, news.failed());
        log.error({ kind: kindOf(error), reason: failure.message, ...news.figures }, 'task failed');
        // The last word of this attempt is what the next one knows of it.
        beatOnce();
        if (kindOf(error) === 'retriable') await news.trouble(cut(`${failure.type}: ${failure.message}`, FAILURE));
        throw failure;
      }
      log.warn({ reason: redact(messageOf(error)) }, 'task ended with an error while it was being stopped');
    } finally {
      rest();
      void news.topics(progress);
      observer.ended?.(failed);
    }
    log.info({ reason: messageOf(signal.reason) }, 'task stopped');
    // Temporal wants to hear the reason that it gave; without one it is this process that leaves, and the next attempt
    // may begin at once.
    if (context.cancellationSignal.aborted) await context.cancelled;
    throw ApplicationFailure.create({
      message: 'The worker shuts down; the task goes on elsewhere.',
      type: 'WORKER_SHUTDOWN',
      nextRetryDelay: 1,
      // Nothing has failed: not to be warned of.
      category: ApplicationFailureCategory.BENIGN,
    });
  };
}

/** Figures as they may be shown: texts are short, and without secrets. */
const shown = (figures: Snapshot, redact: (text: string) => string): Snapshot =>
  Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [
      name,
      typeof figure === 'string' ? cut(redact(figure), FIGURE) : figure,
    ]),
  );

function withFields(log: Log, fields: Readonly<Record<string, unknown>>): Log {
  return {
    debug: (more, message) => log.debug({ ...fields, ...more }, message),
    info: (more, message) => log.info({ ...fields, ...more }, message),
    warn: (more, message) => log.warn({ ...fields, ...more }, message),
    error: (more, message) => log.error({ ...fields, ...more }, message),
  };
}
