import { CancellationScope, condition, isCancellation, log } from '@temporalio/workflow';
import type { ConnectorArgs, ContinuedState, FenceArgs, Fences, UnfencedTasks } from '../shared/messages.ts';
import { fencing } from './activities.ts';
import { type ConnectorState, sameConfig } from './state.ts';
import { traceOf } from './trace.ts';

/** Generations of writers, and the writers of earlier generations that are still to be fenced. */
export class Fencing {
  readonly #state: ConnectorState;
  #generation: number;
  /** Tasks whose activities may have ended while they still write, on a worker that is frozen or cut off. */
  #unfenced: UnfencedTasks | undefined;
  #fences: Fences;

  constructor(state: ConnectorState, args: ConnectorArgs, { unfenced, fences = {} }: ContinuedState) {
    this.#state = state;
    this.#generation = args.generation ?? 0;
    this.#unfenced = unfenced;
    this.#fences = fences;
  }

  /** The last generation. */
  get generation(): number {
    return this.#generation;
  }

  get fences(): Fences {
    return this.#fences;
  }

  get isPending(): boolean {
    return this.#unfenced !== undefined;
  }

  get hasUnfencedTasks(): boolean {
    return (this.#unfenced?.tasks ?? 0) > 0;
  }

  /** For the next run; without the configuration if it is the connector's. */
  get continued(): Pick<ContinuedState, 'unfenced' | 'fences'> {
    if (this.#unfenced === undefined) return { fences: this.#fences };
    const { config, ...unfenced } = this.#unfenced;
    const ownConfig = config === undefined || sameConfig(config, this.#state.config) ? {} : { config };
    return { unfenced: { ...unfenced, ...ownConfig }, fences: this.#fences };
  }

  /** Arguments of `fenceTasks`, with a new generation. */
  nextArgs(): FenceArgs {
    const { config = this.#state.config, tasks = 0, altered = false } = this.#unfenced ?? {};
    return {
      ...this.#state.planArgs,
      config,
      type: this.#state.type,
      generation: this.nextGeneration(),
      tasks,
      altered,
      fences: this.#fences,
    };
  }

  /**
   * Returns a generation greater than all before. The clock keeps it greater than those of a deleted connector of the same
   * name and of a run that this one was reset from.
   */
  nextGeneration(): number {
    this.#generation = Math.max(this.#generation + 1, Date.now());
    return this.#generation;
  }

  recordStart(tasks: number): void {
    const { altered = false } = this.#unfenced ?? {};
    this.#unfenced = { config: this.#state.config, tasks, altered };
  }

  recordOffsetChange(): void {
    this.#unfenced = { tasks: 0, altered: true };
  }

  /** Returns when no task that was started earlier can write any more, or when the connector was changed again. */
  async fence(changes: number): Promise<void> {
    if (this.#unfenced === undefined) return;
    const scope = new CancellationScope();
    const fenced = scope.run(() => fencing.fenceTasks(this.nextArgs()));
    try {
      await Promise.race([fenced, condition(() => this.#state.changes !== changes)]);
      if (this.#state.changes !== changes) scope.cancel();
      this.#fences = { ...this.#fences, ...(await fenced) };
    } catch (error) {
      // The next change fences what this one has not.
      if (isCancellation(error)) return;
      log.warn('earlier tasks could not be fenced', { error: traceOf(error) });
    }
    this.#unfenced = undefined;
  }
}
