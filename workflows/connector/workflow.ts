import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  log,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ControlActivities, TaskActivities } from '../../activities/index.ts';
import type {
  Carried,
  ConnectorArgs,
  ConnectorConfig,
  ConnectorStatus,
  FenceArgs,
  Fences,
  OffsetEntry,
  OffsetsAltered,
  RestartRequest,
  State,
  TargetState,
  TaskArgs,
  TaskStatus,
  TaskTrouble,
  Unfenced,
} from '../shared/messages.ts';
import { queries, searchAttributes, signals, taskActivityId, updates } from '../shared/messages.ts';
import { pieces, shortened, TRACE, together, withShortTraces } from './continue-as-new-state.ts';
import { details } from './details.ts';

const control = proxyActivities<ControlActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '4 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '30 seconds' },
});

const removal = proxyActivities<ControlActivities>({
  startToCloseTimeout: '30 seconds',
  // One that was given to a worker that never got it is given to another soon.
  heartbeatTimeout: '4 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '5 seconds', maximumAttempts: 5 },
});

/** Nothing starts before it has succeeded; it is tried again for as long as Kafka is down. */
const fencing = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '3 seconds',
  retry: { initialInterval: '250 ms', maximumInterval: '5 seconds' },
});

/** A deletion does not wait for a server that is down. */
const lastFencing = proxyActivities<ControlActivities>({
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '10 seconds',
  heartbeatTimeout: '3 seconds',
  retry: { initialInterval: '250 ms', maximumInterval: '5 seconds' },
});

/** Whoever sets offsets waits for it, and can send them again. */
const offsets = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '1 minute',
  heartbeatTimeout: '4 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '5 seconds' },
});

/** How long a change of offsets waits for tasks to end, and for a change before it. */
const ALTER_WAIT_MS = 30_000;

const clock = proxyLocalActivities<Pick<ControlActivities, 'nextRun'>>({ startToCloseTimeout: '5 seconds' });
const CONTINUOUS = 'continuous';

/** The names of more topics would weigh down what is carried over. */
const MAX_TOPICS = 1000;
/** Temporal takes summaries of 400 bytes, and attributes that are searched for of 255 characters. */
const MAX_NAME = 100;

/** One connector: an entity that lives until it is deleted. */
export async function connector(args: ConnectorArgs, ...carried: Carried[]): Promise<void> {
  await new Connector(args, carried).run();
}

interface Task {
  readonly id: number;
  /** When it is next due, on a schedule; undefined while it runs. */
  wakes: number | undefined;
  /** What its configuration has beyond the connector's. */
  readonly own: ConnectorConfig;
  state: State;
  trace: string | undefined;
  failed: number | undefined;
  trouble: TaskStatus['trouble'];
  scope: CancellationScope | undefined;
  /** Settles when the activity has really ended. Never rejects. */
  ended: Promise<void>;
}

class Connector {
  private readonly args: ConnectorArgs;
  private config: ConnectorConfig;
  private target: TargetState;
  private trace: string | undefined;
  private tasks: Task[] = [];
  private deleting = false;
  /** How often it has been configured. */
  private revision: number;
  private topics: Set<string>;
  /** Offsets are being set: nothing may run meanwhile. */
  private altering = false;
  /** Moved on by whatever makes the running tasks wrong; the main loop compares. */
  private changes = 0;
  /** The value of `changes` that the tasks were started for; another one while the main loop is still to start them. */
  private started = -1;
  /** Of what was started last: see `nextGeneration`. */
  private generation: number;
  /** What may still write, on a worker that was frozen or cut off, though its activity has ended. */
  private unfenced: Unfenced | undefined;
  private fences: Fences;

  /** What of the last plan is kept elsewhere, for whoever removes it there. */
  private kept: readonly string[];
  /** `config` of the plan. */
  private document: string | undefined;
  /** The tasks are those of the run before, and need not be planned. */
  private planned: boolean;

  constructor(args: ConnectorArgs, carried: readonly Carried[]) {
    const { tasks, trace, topics = [], kept = [], config, unfenced, fences = {} } = together(carried);
    this.args = args;
    this.config = args.config;
    this.target = args.state ?? 'RUNNING';
    this.trace = trace;
    this.revision = args.revision ?? 0;
    this.generation = args.generation ?? 0;
    this.unfenced = unfenced;
    this.fences = fences;
    this.topics = new Set(topics);
    this.tasks = (tasks ?? []).map(idle);
    this.kept = kept;
    this.document = config;
    this.planned = tasks !== undefined;
    this.handle();
  }

  async run(): Promise<void> {
    upsertSearchAttributes({
      [searchAttributes.cluster]: [this.args.cluster],
      [searchAttributes.connector]: [this.args.name],
      [searchAttributes.kind]: [this.args.type],
    });
    // Tasks that had failed before the workflow continued as new stay failed: someone must look at them.
    let carried = this.planned && this.target === 'RUNNING';
    while (!this.deleting) {
      while (this.altering) await condition(() => !this.altering);
      if (this.deleting) break;
      const { changes } = this;
      const runs = this.target === 'RUNNING' && this.trace === undefined;
      if (!runs) this.rest();
      this.show();
      await this.fence(changes);
      if (runs && this.changes === changes) {
        if (!carried) await this.plan(changes);
        if (this.changes === changes) for (const task of this.tasks) if (task.state !== 'FAILED') this.start(task);
      }
      this.started = changes;
      carried = false;
      this.show();
      await condition(() => this.changes !== changes || this.historyIsLong());
      await this.stopTasks();
      // Also in the midst of changes: else a connector that is never left alone would never continue as new.
      if (this.historyIsLong() && !this.deleting) await this.continue(changes);
    }
    while (this.altering) await condition(() => !this.altering);
    await this.remove();
    await condition(allHandlersFinished);
  }

  private async plan(changes: number): Promise<void> {
    const before = this.tasks;
    this.tasks = [];
    const scope = new CancellationScope();
    const planning = scope.run(() => control.planTasks(this.subject(), this.kept));
    try {
      // Planning goes on trying for as long as a server is down, but not past a change of mind.
      await Promise.race([planning, condition(() => this.changes !== changes)]);
      if (this.changes !== changes) scope.cancel();
      const { tasks, config: document } = await planning;
      this.document = document;
      this.kept = keptOf([...tasks, ...(document === undefined ? [] : [{ document }])]);
      if (this.changes === changes) this.tasks = tasks.map((config, id) => idle({ id, config, state: 'RUNNING' }));
    } catch (error) {
      if (this.changes === changes) this.trace = traceOf(error);
    }
    // A connector that is paused meanwhile shows the tasks that it had.
    if (this.changes !== changes) this.tasks = before;
  }

  /** Returns when nothing that was started before can write any more, or after a change of mind. */
  private async fence(changes: number): Promise<void> {
    if (this.unfenced === undefined) return;
    const scope = new CancellationScope();
    const fenced = scope.run(() => fencing.fenceTasks(this.fenceArgs()));
    try {
      await Promise.race([fenced, condition(() => this.changes !== changes)]);
      if (this.changes !== changes) scope.cancel();
      this.fences = { ...this.fences, ...(await fenced) };
    } catch (error) {
      // What has not been fenced is fenced with the next change.
      if (isCancellation(error)) return;
      log.warn('earlier tasks could not be fenced', { error: traceOf(error) });
    }
    this.unfenced = undefined;
  }

  private fenceArgs(): FenceArgs {
    const { config = this.config, tasks = 0, altered = false } = this.unfenced ?? {};
    return {
      ...this.subject(),
      config,
      type: this.args.type,
      generation: this.nextGeneration(),
      tasks,
      altered,
      fences: this.fences,
    };
  }

  private async remove(): Promise<void> {
    try {
      if (this.unfenced !== undefined) await lastFencing.fenceTasks(this.fenceArgs());
    } catch (error) {
      log.warn('the connector is deleted, and its last tasks could not be fenced', { error: traceOf(error) });
    }
    try {
      await removal.removeConnector(this.subject(), this.kept);
    } catch (error) {
      // Whoever deletes a connector whose source is gone for good still gets it deleted.
      log.warn('the connector is deleted, but not all that it leaves behind', { error: traceOf(error) });
    }
  }

  private configOf(task: Task): ConnectorConfig {
    return { ...this.config, ...task.own };
  }

  private subject() {
    return { cluster: this.args.cluster, connector: this.args.name, config: this.config };
  }

  /** now: whatever its schedule says. */
  private start(task: Task, now = false): void {
    // Two restarts at once wait for the same end; the first of them starts it.
    if (task.scope !== undefined) return;
    const queue = this.args.taskQueue ?? `${workflowInfo().taskQueue}-tasks`;
    const { runTask } = proxyActivities<TaskActivities>({
      activityId: taskActivityId(task.id),
      taskQueue: queue,
      // A task runs until it is cancelled; only its heartbeat says that it is alive. Two of these time-outs, the second for
      // an attempt that was given to the lost worker's poll, and a start fit into the ten seconds of a takeover.
      startToCloseTimeout: '3650 days',
      heartbeatTimeout: '4 seconds',
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      retry: { initialInterval: '250 ms', backoffCoefficient: 2, maximumInterval: '30 seconds' },
      summary: `${this.args.name.slice(0, MAX_NAME)} task ${task.id}`,
    });
    task.state = 'RUNNING';
    task.trace = undefined;
    task.failed = undefined;
    const scope = new CancellationScope();
    task.scope = scope;
    const { altered = false } = this.unfenced ?? {};
    this.unfenced = { config: this.config, tasks: this.tasks.length, altered };
    const fence = this.fences[task.id];
    const args = {
      cluster: this.args.cluster,
      connector: this.args.name,
      type: this.args.type,
      task: task.id,
      generation: this.nextGeneration(),
      ...(fence === undefined ? {} : { fence }),
      tasks: this.tasks.length,
      ...(this.document === undefined ? { config: this.configOf(task) } : { config: task.own, kept: this.document }),
    };
    const scheduled = this.isScheduled();
    if (scheduled && now) task.wakes = Date.now();
    task.ended = scope
      .run(() => (scheduled ? this.schedule(task, args, runTask) : runTask(args)))
      .catch((error: unknown) => {
        // A task that is told to end while it starts is fenced, which is no failure then.
        if (isCancellation(error) || scope.consideredCancelled) return;
        task.state = 'FAILED';
        task.trace = traceOf(error);
        task.failed = Date.now();
        task.trouble = undefined;
        this.show();
      })
      .then(() => {
        task.scope = undefined;
        task.trouble = undefined;
      });
  }

  private isScheduled(): boolean {
    return (this.config['millrace.schedule'] ?? CONTINUOUS).trim().toLowerCase() !== CONTINUOUS;
  }

  /** Lets a task run until it has caught up, again and again, whenever it is due. */
  private async schedule(task: Task, args: TaskArgs, runTask: TaskActivities['runTask']): Promise<never> {
    const { 'millrace.schedule': schedule = '', 'millrace.schedule.timezone': timezone } = this.config;
    const due = (began?: number) =>
      clock.nextRun({
        schedule,
        now: Date.now(),
        ...(timezone === undefined ? {} : { timezone }),
        ...(began === undefined ? {} : { began }),
      });
    task.wakes ??= await due();
    for (;;) {
      this.tell();
      await sleep(Math.max(1, task.wakes - Date.now()));
      const began = Date.now();
      task.wakes = undefined;
      this.tell();
      await runTask({ ...args, generation: this.nextGeneration(), untilCaughtUp: true });
      task.trouble = undefined;
      task.wakes = await due(began);
    }
  }

  private async stop(task: Task): Promise<void> {
    task.scope?.cancel();
    await task.ended;
  }

  private async stopTasks(): Promise<void> {
    await Promise.all(this.tasks.map(task => this.stop(task)));
  }

  /** What is left of the tasks while the connector does not run. */
  private rest(): void {
    if (this.target === 'STOPPED') this.tasks = [];
    else if (this.target === 'PAUSED')
      for (const task of this.tasks) if (task.state !== 'FAILED') task.state = 'PAUSED';
  }

  private troubled({ task: id, since, failure }: TaskTrouble): void {
    const task = this.tasks.find(one => one.id === id);
    // What comes late of one that has been stopped says nothing of the next.
    if (task?.scope === undefined) return;
    task.trouble =
      failure === undefined ? undefined : { since: Math.min(since, task.trouble?.since ?? since), failure };
    this.show();
  }

  private historyIsLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const { maxHistoryEvents } = this.args;
    return continueAsNewSuggested || (maxHistoryEvents !== undefined && historyLength > maxHistoryEvents);
  }

  /** changes: what the tasks were planned for. They are carried over if they are still what is asked for. */
  private async continue(changes: number): Promise<void> {
    await condition(allHandlersFinished);
    // Nothing is awaited from here on, so whatever has come in by now is in what is carried over.
    const { args } = this;
    const same = this.changes === changes;
    // A paused connector shows its tasks; what else has changed plans them again.
    const keepsTasks = same || this.target === 'PAUSED';
    await continueAsNew<typeof connector>(
      {
        ...args,
        config: this.config,
        state: this.target,
        revision: this.revision,
        generation: this.generation,
      },
      ...pieces({
        ...(keepsTasks ? { tasks: this.tasks.map(status) } : {}),
        ...(same && this.trace !== undefined ? { trace: this.trace } : {}),
        ...(same && this.document !== undefined ? { config: this.document } : {}),
        ...(this.unfenced === undefined ? {} : { unfenced: carriedOver(this.unfenced, this.config) }),
        fences: this.fences,
        topics: [...this.topics],
        kept: this.kept,
      }),
    );
  }

  private change(): void {
    this.trace = undefined;
    this.changes++;
  }

  /**
   * The generation of what is about to write: greater than any before, also than those of a connector of this name that
   * was deleted and of a run that this one was reset from, which only the time can tell.
   */
  private nextGeneration(): number {
    this.generation = Math.max(this.generation + 1, Date.now());
    return this.generation;
  }

  private set(target: TargetState): void {
    if (this.target === target) return;
    this.target = target;
    this.change();
    // A status asked for after this shows it.
    this.show();
  }

  private configure(config: ConnectorConfig): void {
    // Operators bring it what it has again and again: its tasks go on.
    if (this.trace === undefined && same(this.config, config)) return;
    this.config = config;
    this.revision++;
    this.change();
    this.show();
  }

  private async restart({ includeTasks, onlyFailed }: RestartRequest): Promise<void> {
    if (this.trace !== undefined) this.change();
    if (includeTasks && this.target === 'RUNNING') {
      const { changes } = this;
      const chosen = this.tasks.filter(task => !onlyFailed || task.state === 'FAILED');
      await Promise.all(chosen.map(task => this.stop(task)));
      this.startAgain(chosen, changes);
    }
  }

  /** Tasks of a restart, which was asked for after so many changes. */
  private startAgain(tasks: readonly Task[], changes: number): void {
    for (const task of tasks) {
      if (this.isStarted(changes)) this.start(task, true);
      // The main loop starts it, and a scheduled one at once too.
      else if (this.isScheduled()) task.wakes = Date.now();
    }
    this.show();
  }

  /** Nothing has changed since, and it is not the main loop that starts them. */
  private isStarted(changes: number): boolean {
    return this.changes === changes && this.started === changes;
  }

  /** One at a time, and only once the tasks that were stopped have really ended. */
  private async alter(entries: readonly OffsetEntry[] | null, kept?: string): Promise<OffsetsAltered> {
    const fenced = () => (this.unfenced?.tasks ?? 0) === 0;
    const free = () => !this.altering && fenced() && this.tasks.every(task => task.scope === undefined);
    // Two that wait are woken at the same moment: the first of them takes it.
    const began = Date.now();
    while (!free() && Date.now() - began < ALTER_WAIT_MS) await condition(free, ALTER_WAIT_MS);
    if (!free())
      throw ApplicationFailure.nonRetryable(
        `The offsets of ${this.args.name} have not been changed: its tasks have not ended, or Kafka does not answer.`,
        'CONFLICT',
      );
    this.mayAlter();
    this.altering = true;
    this.unfenced = { tasks: 0, altered: true };
    const { offsets: fence } = this.fences;
    try {
      return await offsets.alterOffsets({
        ...this.subject(),
        generation: this.nextGeneration(),
        ...(fence === undefined ? {} : { fence }),
        offsets: entries,
        ...(kept === undefined ? {} : { kept }),
      });
    } catch (error) {
      if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
      throw ApplicationFailure.nonRetryable(error.cause.message, error.cause.type);
    } finally {
      this.altering = false;
    }
  }

  private mayAlter(): void {
    if (this.deleting)
      throw ApplicationFailure.nonRetryable(`Connector ${this.args.name} is being deleted`, 'CONFLICT');
    if (this.target !== 'STOPPED')
      throw ApplicationFailure.nonRetryable(
        'Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified ' +
          `connector by issuing a 'PUT' request to the '/connectors/${this.args.name}/stop' endpoint`,
        'BAD_REQUEST',
      );
  }

  private handle(): void {
    const running = () => {
      if (this.deleting)
        throw ApplicationFailure.nonRetryable(`Connector ${this.args.name} is being deleted`, 'CONFLICT');
    };
    const both = (name: string, act: () => void) => {
      setHandler(defineUpdate(name), act, { validator: running });
      setHandler(defineSignal(name), act);
    };
    both(updates.pause, () => this.set('PAUSED'));
    both(updates.resume, () => this.set('RUNNING'));
    both(updates.stop, () => this.set('STOPPED'));
    both(updates.delete, () => {
      this.deleting = true;
      this.change();
    });
    const configure = (config: ConnectorConfig) => this.configure(config);
    setHandler(defineUpdate<void, [ConnectorConfig, number?]>(updates.configure), configure, {
      validator: (_config: ConnectorConfig, revision?: number) => {
        running();
        if (revision !== undefined && revision !== this.revision)
          throw ApplicationFailure.nonRetryable(
            `Connector ${this.args.name} has been configured by somebody else meanwhile`,
            'CONFLICT',
          );
      },
    });
    setHandler(
      defineUpdate<OffsetsAltered, [readonly OffsetEntry[], string?]>(updates.alterOffsets),
      (entries, kept) => this.alter(entries, kept),
      { validator: (_entries: readonly OffsetEntry[], _kept?: string) => this.mayAlter() },
    );
    setHandler(
      defineUpdate(updates.resetTopics),
      () => {
        this.topics.clear();
      },
      { validator: running },
    );
    setHandler(defineSignal<[readonly string[]]>(signals.usedTopics), topics => {
      for (const topic of topics) if (this.topics.size < MAX_TOPICS) this.topics.add(topic);
    });
    setHandler(defineSignal<[TaskTrouble]>(signals.troubled), trouble => this.troubled(trouble));
    setHandler(defineUpdate<OffsetsAltered>(updates.resetOffsets), () => this.alter(null), {
      validator: () => this.mayAlter(),
    });
    setHandler(defineSignal<[ConnectorConfig]>(updates.configure), configure);
    setHandler(defineUpdate<void, [RestartRequest]>(updates.restart), request => this.restart(request), {
      validator: (_request: RestartRequest) => running(),
    });
    setHandler(defineSignal<[RestartRequest]>(updates.restart), request => this.restart(request));
    setHandler(
      defineUpdate<void, [number]>(updates.restartTask),
      async id => {
        const task = this.tasks.find(one => one.id === id);
        if (task === undefined || this.target !== 'RUNNING') return;
        const { changes } = this;
        await this.stop(task);
        this.startAgain([task], changes);
      },
      {
        validator: id => {
          running();
          if (!this.tasks.some(task => task.id === id))
            throw ApplicationFailure.nonRetryable(`Unknown task: ${this.args.name}-${id}`, 'NOT_FOUND');
        },
      },
    );
    setHandler(defineQuery<ConnectorStatus>(queries.status), () => this.status());
  }

  private status(): ConnectorStatus {
    return {
      name: this.args.name,
      type: this.args.type,
      config: this.config,
      target: this.target,
      state: this.trace === undefined ? this.target : 'FAILED',
      ...(this.trace === undefined ? {} : { trace: this.trace }),
      tasks: withShortTraces(this.tasks.map(status)),
      revision: this.revision,
      topics: [...this.topics].sort(),
    };
  }

  /** Makes the Temporal UI alone say what is going on. */
  private show(): void {
    const now = this.status();
    const failed = now.state === 'FAILED' || now.tasks.some(task => task.state === 'FAILED');
    const troubled = now.tasks.some(task => task.trouble !== undefined);
    upsertSearchAttributes({
      [searchAttributes.state]: [failed ? 'FAILED' : troubled ? 'RESTARTING' : now.state],
      [searchAttributes.class]: [String(this.config['connector.class'] ?? '').slice(0, MAX_NAME)],
      [searchAttributes.tasks]: this.isScheduled() ? [] : [String(now.tasks.length)],
    });
    this.tell();
  }

  private tell(): void {
    setCurrentDetails(details(this.status()));
  }
}

const same = (a: ConnectorConfig, b: ConnectorConfig): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

/** Without the configuration where it is the connector's. */
const carriedOver = ({ config, ...unfenced }: Unfenced, current: ConnectorConfig): Unfenced =>
  config === undefined || same(config, current) ? unfenced : { ...unfenced, config };

/** Placeholders of what is kept elsewhere. */
const keptOf = (configs: readonly ConnectorConfig[]): string[] =>
  configs.flatMap(config =>
    Object.values(config).flatMap(text =>
      [...text.matchAll(/\$\{secret:[0-9a-f-]{36}\}/g)].map(([placeholder]) => placeholder),
    ),
  );

/** config: what the task has of its own. */
const idle = (of: TaskStatus): Task => ({
  id: of.id,
  own: of.config,
  state: of.state,
  trace: of.trace,
  failed: of.failed,
  trouble: undefined,
  wakes: of.wakes,
  scope: undefined,
  ended: Promise.resolve(),
});

const status = ({ id, state, trace, failed, trouble, wakes, own }: Task): TaskStatus => ({
  id,
  state,
  config: own,
  ...(wakes === undefined ? {} : { wakes }),
  ...(trace === undefined ? {} : { trace }),
  ...(failed === undefined ? {} : { failed }),
  ...(trouble === undefined ? {} : { trouble }),
});

/** The message and the stack of what an activity failed with, causes included. */
function traceOf(error: unknown): string {
  const lines: string[] = [];
  let at: unknown = error instanceof ActivityFailure ? error.cause : error;
  for (let depth = 0; at instanceof Error && depth < 5; depth++) {
    const type = at instanceof ApplicationFailure && at.type ? at.type : at.name;
    lines.push(`${depth === 0 ? '' : 'Caused by: '}${type}: ${at.message}`, ...stackLines(at));
    at = at.cause;
  }
  return shortened(lines.length === 0 ? String(error) : lines.join('\n'), TRACE);
}

function stackLines(error: Error): string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter(line => /^\s+at /.test(line))
    .slice(0, 12);
}
