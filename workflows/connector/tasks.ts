import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { TaskActivities } from '../../activities/index.ts';
import type {
  ConnectorConfig,
  ContinuedState,
  State,
  TaskArgs,
  TaskFailureStreak,
  TaskStatus,
} from '../shared/messages.ts';
import { schedule, taskActivity } from './activities.ts';
import type { Fencing } from './fencing.ts';
import type { ConnectorState } from './state.ts';
import { traceOf } from './trace.ts';

export interface Task {
  readonly id: number;
  /** Keys that override the connector's configuration. */
  readonly overrides: ConnectorConfig;
  /** Time of the next run of a scheduled task, in milliseconds since 1970; undefined while it runs. */
  nextRunAt: number | undefined;
  state: State;
  trace: string | undefined;
  failedAt: number | undefined;
  failureStreak: TaskStatus['trouble'];
  /** Scope of the running activity. */
  scope: CancellationScope | undefined;
  /** Settles when the activity has ended. Never rejects. */
  ended: Promise<void>;
}

export interface TaskSetDeps {
  readonly state: ConnectorState;
  readonly fencing: Fencing;
  /** Task queue of `runTask`; undefined: the default. */
  readonly taskQueue: string | undefined;
  /** Called after a task has failed by itself. */
  onFailure(): void;
  /** Called when a scheduled task starts or goes to sleep. */
  onSchedule(): void;
}

/** Tasks of a connector and their activities. */
export class TaskSet {
  readonly #deps: TaskSetDeps;
  #tasks: readonly Task[];
  /** `config` of the plan. */
  #document: string | undefined;
  /** Value of `changes` that the main loop last started tasks for. */
  #startedChanges = -1;

  constructor(deps: TaskSetDeps, { tasks = [], config }: ContinuedState) {
    this.#deps = deps;
    this.#tasks = tasks.map(idleTask);
    this.#document = config;
  }

  get document(): string | undefined {
    return this.#document;
  }

  get statuses(): TaskStatus[] {
    return this.#tasks.map(taskStatus);
  }

  get haveEnded(): boolean {
    return this.#tasks.every(task => task.scope === undefined);
  }

  find(id: number): Task | undefined {
    return this.#tasks.find(task => task.id === id);
  }

  /** Returns the tasks that the set had. */
  clear(): readonly Task[] {
    const before = this.#tasks;
    this.#tasks = [];
    return before;
  }

  restore(tasks: readonly Task[]): void {
    this.#tasks = tasks;
  }

  setDocument(document: string | undefined): void {
    this.#document = document;
  }

  replace(overrides: readonly ConnectorConfig[]): void {
    this.#tasks = overrides.map((config, id) => idleTask({ id, config, state: 'RUNNING' }));
  }

  startAll(): void {
    for (const task of this.#tasks) if (task.state !== 'FAILED') this.#start(task, false);
  }

  /** Called by the main loop after it has started the tasks, or has had none to start. */
  recordStarted(changes: number): void {
    this.#startedChanges = changes;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#tasks.map(task => this.stop(task)));
  }

  async stop(task: Task): Promise<void> {
    task.scope?.cancel();
    await task.ended;
  }

  failedOrAll(onlyFailed: boolean): Task[] {
    return this.#tasks.filter(task => !onlyFailed || task.state === 'FAILED');
  }

  /** Starts tasks that a restart stopped. changes: its value when the restart was requested. */
  startAfterRestart(tasks: readonly Task[], changes: number): void {
    for (const task of tasks) {
      if (this.#deps.state.changes === changes && this.#startedChanges === changes) this.#start(task, true);
      // The main loop will start it; a scheduled task too runs without waiting.
      else if (this.#deps.state.isScheduled) task.nextRunAt = Date.now();
    }
  }

  /** Applies the target state to tasks that do not run. */
  applyTargetToIdleTasks(): void {
    const { target } = this.#deps.state;
    if (target === 'STOPPED') this.#tasks = [];
    else if (target === 'PAUSED') for (const task of this.#tasks) if (task.state !== 'FAILED') task.state = 'PAUSED';
  }

  /** Returns false for a late signal of a task that was already stopped. */
  recordFailureStreak({ task: id, since, failure }: TaskFailureStreak): boolean {
    const task = this.find(id);
    if (task?.scope === undefined) return false;
    task.failureStreak =
      failure === undefined ? undefined : { since: Math.min(since, task.failureStreak?.since ?? since), failure };
    return true;
  }

  /** now: runs a scheduled task without waiting for its time. */
  #start(task: Task, now: boolean): void {
    // The first of two concurrent restarts has started it already.
    if (task.scope !== undefined) return;
    const { state, fencing, taskQueue } = this.#deps;
    const { runTask } = taskActivity(state.name, task.id, taskQueue);
    task.state = 'RUNNING';
    task.trace = undefined;
    task.failedAt = undefined;
    const scope = new CancellationScope();
    task.scope = scope;
    fencing.recordStart(this.#tasks.length);
    const args = this.#argsOf(task);
    if (state.isScheduled && now) task.nextRunAt = Date.now();
    task.ended = scope
      .run(() => (state.isScheduled ? this.#runOnSchedule(task, args, runTask) : runTask(args)))
      .catch((error: unknown) => {
        // A task that is cancelled while it starts may report that it was fenced.
        if (isCancellation(error) || scope.consideredCancelled) return;
        task.state = 'FAILED';
        task.trace = traceOf(error);
        task.failedAt = Date.now();
        task.failureStreak = undefined;
        this.#deps.onFailure();
      })
      .then(() => {
        task.scope = undefined;
        task.failureStreak = undefined;
      });
  }

  #argsOf({ id, overrides }: Task): TaskArgs {
    const { state, fencing } = this.#deps;
    const fence = fencing.fences[id];
    return {
      cluster: state.cluster,
      connector: state.name,
      type: state.type,
      task: id,
      generation: fencing.nextGeneration(),
      ...(fence === undefined ? {} : { fence }),
      tasks: this.#tasks.length,
      ...(this.#document === undefined
        ? { config: { ...state.config, ...overrides } }
        : { config: overrides, kept: this.#document }),
    };
  }

  /** Runs a task until it has caught up, each time that it is due. */
  async #runOnSchedule(task: Task, args: TaskArgs, runTask: TaskActivities['runTask']): Promise<never> {
    const { state, fencing, onSchedule } = this.#deps;
    const { 'millrace.schedule': text = '', 'millrace.schedule.timezone': timezone } = state.config;
    const nextRun = (lastStart?: number) =>
      schedule.nextRun({
        schedule: text,
        now: Date.now(),
        ...(timezone === undefined ? {} : { timezone }),
        ...(lastStart === undefined ? {} : { began: lastStart }),
      });
    task.nextRunAt ??= await nextRun();
    for (;;) {
      onSchedule();
      await sleep(Math.max(1, task.nextRunAt - Date.now()));
      const start = Date.now();
      task.nextRunAt = undefined;
      onSchedule();
      await runTask({ ...args, generation: fencing.nextGeneration(), untilCaughtUp: true });
      task.failureStreak = undefined;
      task.nextRunAt = await nextRun(start);
    }
  }
}

const idleTask = ({ id, config, state, trace, failed, wakes }: TaskStatus): Task => ({
  id,
  overrides: config,
  state,
  trace,
  failedAt: failed,
  failureStreak: undefined,
  nextRunAt: wakes,
  scope: undefined,
  ended: Promise.resolve(),
});

const taskStatus = ({ id, state, trace, failedAt, failureStreak, nextRunAt, overrides }: Task): TaskStatus => ({
  id,
  state,
  config: overrides,
  ...(nextRunAt === undefined ? {} : { wakes: nextRunAt }),
  ...(trace === undefined ? {} : { trace }),
  ...(failedAt === undefined ? {} : { failed: failedAt }),
  ...(failureStreak === undefined ? {} : { trouble: failureStreak }),
});
