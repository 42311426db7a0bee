import { ActivityFailure, ApplicationFailure, condition } from '@temporalio/workflow';
import type { AlterOffsetsResult, OffsetEntry } from '../shared/messages.ts';
import { offsetChange } from './activities.ts';
import type { Fencing } from './fencing.ts';
import type { ConnectorState } from './state.ts';
import type { TaskSet } from './tasks.ts';

/** Milliseconds that a change of offsets waits for tasks to end and for an earlier change. */
const ALTER_WAIT_MS = 30_000;

/** Changes of a stopped connector's offsets: one at a time, and only after its tasks have ended. */
export class OffsetChanges {
  readonly #state: ConnectorState;
  readonly #tasks: TaskSet;
  readonly #fencing: Fencing;
  #running = false;

  constructor(state: ConnectorState, tasks: TaskSet, fencing: Fencing) {
    this.#state = state;
    this.#tasks = tasks;
    this.#fencing = fencing;
  }

  /** A change runs: no task may start. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Throws unless the connector is STOPPED. */
  check(): void {
    if (this.#state.isDeleting)
      throw ApplicationFailure.nonRetryable(`Connector ${this.#state.name} is being deleted`, 'CONFLICT');
    if (this.#state.target !== 'STOPPED')
      throw ApplicationFailure.nonRetryable(
        'Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified ' +
          `connector by issuing a 'PUT' request to the '/connectors/${this.#state.name}/stop' endpoint`,
        'BAD_REQUEST',
      );
  }

  /** entries: null resets all offsets. placeholder: of offloaded entries. */
  async alter(entries: readonly OffsetEntry[] | null, placeholder?: string): Promise<AlterOffsetsResult> {
    const isFree = () => !this.#running && !this.#fencing.hasUnfencedTasks && this.#tasks.haveEnded;
    const start = Date.now();
    // A loop: of two changes that resume at the same moment, the first takes the turn.
    while (!isFree() && Date.now() - start < ALTER_WAIT_MS) await condition(isFree, ALTER_WAIT_MS);
    if (!isFree())
      throw ApplicationFailure.nonRetryable(
        `The offsets of ${this.#state.name} were not changed: its tasks have not ended, or Kafka does not answer.`,
        'CONFLICT',
      );
    this.check();
    this.#running = true;
    this.#fencing.recordOffsetChange();
    const { offsets: fence } = this.#fencing.fences;
    try {
      return await offsetChange.alterOffsets({
        ...this.#state.planArgs,
        generation: this.#fencing.nextGeneration(),
        ...(fence === undefined ? {} : { fence }),
        offsets: entries,
        ...(placeholder === undefined ? {} : { kept: placeholder }),
      });
    } catch (error) {
      if (!(error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)) throw error;
      throw ApplicationFailure.nonRetryable(error.cause.message, error.cause.type);
    } finally {
      this.#running = false;
    }
  }
}
