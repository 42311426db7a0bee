import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Log } from '../src/api/index.ts';
import type { TaskObserver } from '../src/engine/observer.ts';
import { kindOf, messageOf } from '../src/errors.ts';
import { cut, toFailure } from '../src/temporal/failure.ts';
import type { TaskArgs } from '../workflows/messages.ts';
import { Progress, type Snapshot } from './progress.ts';
import { Pulse } from './pulse.ts';

/** Names of topics in one signal: of 249 characters each, as long as they may be. */
const TOPICS_AT_ONCE = 100;
/** Characters of a figure that is a text. */
const FIGURE = 500;
/** Backing off: 0.5 s, doubling, to half a minute, for as long as nothing gets through. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** Runs a task's data plane until the signal aborts. */
export type TaskBody = (args: TaskArgs, progress: Progress, signal: AbortSignal, log: Log) => Promise<void>;

export interface RunTaskDeps {
  readonly body: TaskBody;
  /** Takes the secrets of a task out of a text. */
  redact(args: TaskArgs, text: string): string;
  /** Where the metrics of a task are kept; called when it starts. */
  observe?(args: TaskArgs): Partial<TaskObserver>;
  /** Tells the connector which topics a task has used. May fail: it is then told again. */
  usedTopics(workflowId: string, topics: readonly string[]): Promise<void>;
  readonly log: Log;
  /** Aborted when this process stops taking tasks: they commit what they have in hand and go to another worker. */
  readonly leaving: AbortSignal;
}

/**
 * The long activity behind one task. Heartbeats carry figures for people; the position is never in them. Whatever ends
 * it, the data plane has been closed before it returns.
 */
export function runTaskActivity(deps: RunTaskDeps): (args: TaskArgs) => Promise<void> {
  const failures = new Map<string, number>();
  const pulse = new Pulse();
  return async args => {
    const context = Context.current();
    const name = `${args.connector}/${args.task}`;
    const log = withFields(deps.log, { connector: args.connector, task: args.task });
    const observer = deps.observe?.(args) ?? {};
    const progress = new Progress(observer);
    let failed = false;
    const signal = AbortSignal.any([context.cancellationSignal, deps.leaving]);
    const tell = async () => {
      const topics = progress.topics();
      const { workflowExecution } = context.info;
      if (workflowExecution === undefined) return;
      for (let at = 0; at < topics.length; at += TOPICS_AT_ONCE) {
        const some = topics.slice(at, at + TOPICS_AT_ONCE);
        await deps.usedTopics(workflowExecution.workflowId, some).catch((error: unknown) => {
          for (const topic of some) progress.topic(topic);
          log.debug({ reason: messageOf(error) }, 'the connector could not be told of the topics used; trying again');
        });
      }
    };
    const beatOnce = () => context.heartbeat(shown(progress.snapshot(), text => deps.redact(args, text)));
    let said = true;
    // How a task says that it is alive, and hears that it must stop: every second, every other where nothing has moved.
    const rest = pulse.add(() => {
      // Hundreds of idle tasks would keep Temporal busy with nothing else.
      said = !said || progress.moved();
      if (said) beatOnce();
      void tell();
    });
    beatOnce();
    try {
      log.info({ attempt: context.info.attempt }, 'task starts');
      await deps.body(args, progress, signal, log);
      if (!signal.aborted) return;
    } catch (error) {
      if (!signal.aborted) {
        failed = true;
        const streak = progress.total > 0 ? 1 : (failures.get(name) ?? 0) + 1;
        failures.set(name, streak);
        const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (streak - 1));
        const failure = toFailure(error, text => deps.redact(args, text), wait);
        log.error({ kind: kindOf(error), reason: failure.message, streak }, 'task failed');
        throw failure;
      }
      log.warn({ reason: deps.redact(args, messageOf(error)) }, 'task ended with an error while it was being stopped');
    } finally {
      rest();
      void tell();
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
