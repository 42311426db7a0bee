import { CancellationScope, condition } from '@temporalio/workflow';
import type { ConnectorConfig, ContinuedState } from '../shared/messages.ts';
import { planning } from './activities.ts';
import type { ConnectorState } from './state.ts';
import type { TaskSet } from './tasks.ts';
import { traceOf } from './trace.ts';

/** Splits the connector's work into tasks. */
export class Planner {
  readonly #state: ConnectorState;
  readonly #tasks: TaskSet;
  /** Placeholders of offloaded values of the last plan, deleted with the next plan or the connector. */
  #offloaded: readonly string[];

  constructor(state: ConnectorState, tasks: TaskSet, { kept = [] }: ContinuedState) {
    this.#state = state;
    this.#tasks = tasks;
    this.#offloaded = kept;
  }

  get offloaded(): readonly string[] {
    return this.#offloaded;
  }

  async plan(changes: number): Promise<void> {
    const before = this.#tasks.clear();
    const scope = new CancellationScope();
    const planned = scope.run(() => planning.planTasks(this.#state.planArgs, this.#offloaded));
    try {
      // Planning retries while a server is down; a new configuration cancels it.
      await Promise.race([planned, condition(() => this.#state.changes !== changes)]);
      if (this.#state.changes !== changes) scope.cancel();
      const plan = await planned;
      const { tasks, config: document } = plan;
      this.#offloaded = placeholdersIn([...tasks, ...(document === undefined ? [] : [{ document }])]);
      this.#tasks.setDocument(document);
      if (this.#state.changes === changes) this.#tasks.replace(tasks);
    } catch (error) {
      if (this.#state.changes === changes) this.#state.failPlan(traceOf(error));
    }
    // A connector that was paused during planning shows the tasks that it had.
    if (this.#state.changes !== changes) this.#tasks.restore(before);
  }
}

/** Placeholders of offloaded values. */
const placeholdersIn = (configs: readonly ConnectorConfig[]): string[] =>
  configs.flatMap(config =>
    Object.values(config).flatMap(text =>
      [...text.matchAll(/\$\{secret:[0-9a-f-]{36}\}/g)].map(([placeholder]) => placeholder),
    ),
  );
