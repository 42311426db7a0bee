import {
  allHandlersFinished,
  condition,
  continueAsNew,
  log,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ConnectorArgs, ContinuedState } from '../shared/messages.ts';
import { searchAttributes } from '../shared/messages.ts';
import { lastFencing, removal } from './activities.ts';
import { fromChunks, toChunks } from './continue-as-new-state.ts';
import { Fencing } from './fencing.ts';
import { registerHandlers } from './handlers.ts';
import { OffsetChanges } from './offset-changes.ts';
import { Planner } from './planner.ts';
import { ConnectorState } from './state.ts';
import { showDetails, showStatus } from './status.ts';
import { TaskSet } from './tasks.ts';
import { traceOf } from './trace.ts';

/** The workflow of one connector, from its creation to its deletion. */
export async function connector(args: ConnectorArgs, ...chunks: ContinuedState[]): Promise<void> {
  await new Connector(args, fromChunks(chunks)).run();
}

class Connector {
  readonly #args: ConnectorArgs;
  readonly #state: ConnectorState;
  readonly #fencing: Fencing;
  readonly #tasks: TaskSet;
  readonly #planner: Planner;
  readonly #offsetChanges: OffsetChanges;
  /** The tasks come from the previous run and need no plan. */
  readonly #hasContinuedTasks: boolean;

  constructor(args: ConnectorArgs, continued: ContinuedState) {
    this.#args = args;
    this.#state = new ConnectorState(args, continued);
    this.#fencing = new Fencing(this.#state, args, continued);
    this.#tasks = new TaskSet(
      {
        state: this.#state,
        fencing: this.#fencing,
        taskQueue: args.taskQueue,
        onFailure: () => this.#showStatus(),
        onSchedule: () => showDetails(this.#state, this.#tasks),
      },
      continued,
    );
    this.#planner = new Planner(this.#state, this.#tasks, continued);
    this.#offsetChanges = new OffsetChanges(this.#state, this.#tasks, this.#fencing);
    this.#hasContinuedTasks = continued.tasks !== undefined;
    registerHandlers({
      state: this.#state,
      tasks: this.#tasks,
      offsetChanges: this.#offsetChanges,
      showStatus: () => this.#showStatus(),
    });
  }

  async run(): Promise<void> {
    const state = this.#state;
    upsertSearchAttributes({
      [searchAttributes.cluster]: [state.cluster],
      [searchAttributes.connector]: [state.name],
      [searchAttributes.kind]: [state.type],
    });
    // Tasks that had failed before continue-as-new stay failed until they are restarted.
    let hasPlan = this.#hasContinuedTasks && state.target === 'RUNNING';
    while (!state.isDeleting) {
      while (this.#offsetChanges.isRunning) await condition(() => !this.#offsetChanges.isRunning);
      if (state.isDeleting) break;
      const { changes } = state;
      const runs = state.target === 'RUNNING' && state.planFailure === undefined;
      if (!runs) this.#tasks.applyTargetToIdleTasks();
      this.#showStatus();
      await this.#fencing.fence(changes);
      if (runs && state.changes === changes) {
        if (!hasPlan) await this.#planner.plan(changes);
        if (state.changes === changes) this.#tasks.startAll();
      }
      this.#tasks.recordStarted(changes);
      hasPlan = false;
      this.#showStatus();
      await condition(() => state.changes !== changes || this.#isHistoryLong());
      await this.#tasks.stopAll();
      // Also between changes: a connector that is changed all the time would otherwise never continue as new.
      if (this.#isHistoryLong() && !state.isDeleting) await this.#continueAsNew(changes);
    }
    while (this.#offsetChanges.isRunning) await condition(() => !this.#offsetChanges.isRunning);
    await this.#remove();
    await condition(allHandlersFinished);
  }

  #showStatus(): void {
    showStatus(this.#state, this.#tasks);
  }

  #isHistoryLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    const { maxHistoryEvents } = this.#args;
    return continueAsNewSuggested || (maxHistoryEvents !== undefined && historyLength > maxHistoryEvents);
  }

  /** changes: the value that the tasks were planned for. The next run takes the tasks over if nothing has changed since. */
  async #continueAsNew(changes: number): Promise<void> {
    await condition(allHandlersFinished);
    // No await from here on: no signal or update can arrive after the state was read.
    const { config, target, revision, planFailure, topics } = this.#state;
    const isUnchanged = this.#state.changes === changes;
    // A paused connector shows its tasks; any other change plans them again.
    const keepsTasks = isUnchanged || target === 'PAUSED';
    const { document } = this.#tasks;
    await continueAsNew<typeof connector>(
      { ...this.#args, config, state: target, revision, generation: this.#fencing.generation },
      ...toChunks({
        ...(keepsTasks ? { tasks: this.#tasks.statuses } : {}),
        ...(isUnchanged && planFailure !== undefined ? { trace: planFailure } : {}),
        ...(isUnchanged && document !== undefined ? { config: document } : {}),
        ...this.#fencing.continued,
        topics,
        kept: this.#planner.offloaded,
      }),
    );
  }

  async #remove(): Promise<void> {
    try {
      if (this.#fencing.isPending) await lastFencing.fenceTasks(this.#fencing.nextArgs());
    } catch (error) {
      log.warn('connector deleted, but its last tasks could not be fenced', { error: traceOf(error) });
    }
    try {
      await removal.removeConnector(this.#state.planArgs, this.#planner.offloaded);
    } catch (error) {
      // A connector whose source no longer exists can still be deleted.
      log.warn('connector deleted, but some of its resources could not be removed', { error: traceOf(error) });
    }
  }
}
