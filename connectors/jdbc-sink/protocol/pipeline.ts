import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import type { Messages, Statement } from './messages.ts';

/** One execution of a statement. */
export interface Step {
  readonly statement: Statement;
  /** Appends the parameters; undefined without parameters. An error ends the pipeline before the step runs. */
  readonly bind?: (out: Messages) => void;
  /** Description for error messages: `writing to "shop"."orders"`. */
  readonly operation: string;
}

/** Names of the prepared statements of a connection. */
export interface PreparedStatements {
  /** Statements that exist. */
  readonly prepared: Set<string>;
  /** Statements that may exist: a statement that was sent after them failed. */
  readonly uncertain: Set<string>;
}

/** A step that failed on the server or in `bind`; no later step ran. */
export class StepError extends Error {
  /** Index of the step in the pipeline. */
  readonly index: number;
  readonly operation: string;
  /** True if every step was sent: after a lost connection, the result of the last ones is unknown. */
  readonly allSent: boolean;
  constructor(index: number, doing: string, sent: boolean, cause: unknown) {
    super(`failed ${doing}`, { cause });
    this.index = index;
    this.operation = doing;
    this.allSent = sent;
  }
}

/** Maximum number of prepared statements of a connection; further ones are unnamed. */
export const MAX_PREPARED = 500;
/** Bytes to collect before sending them while more are encoded. */
const SEND_BYTES = 256 * 1024;
/** Milliseconds of encoding before yielding to the event loop. */
const YIELD_AFTER_MS = 10;

/**
 * Sends steps without waiting for replies, followed by one Sync: one round trip for all. Steps are created while they are
 * sent. After a failure the server skips everything up to the Sync (protocol chapter "Pipelining").
 *
 * Passed to `client.query`. `done` settles after the replies have arrived and everything in `out` was sent.
 */
export class Pipeline implements Submittable {
  readonly done: Promise<void>;
  readonly #steps: Iterable<Step>;
  readonly #operations: string[] = [];
  readonly #out: Messages;
  readonly #prepared: PreparedStatements;
  /** Statements that this pipeline prepares, with the index of their step. */
  readonly #newStatements = new Map<string, number>();
  #completed = 0;
  #failure: StepError | undefined;
  #allSent = false;
  #resolve: () => void = () => {};
  #reject: (error: StepError) => void = () => {};
  #sending: Promise<void> = Promise.resolve();

  constructor(steps: Iterable<Step>, out: Messages, prepared: PreparedStatements) {
    this.#steps = steps;
    this.#out = out;
    this.#prepared = prepared;
    this.done = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    this.#sending = this.#sendSteps(connection.stream);
  }

  async #sendSteps(stream: Duplex): Promise<void> {
    const out = this.#out;
    out.reset();
    let yieldedAt = performance.now();
    for (const step of this.#steps) {
      if (this.#failure !== undefined) break;
      const index = this.#operations.push(step.operation) - 1;
      const start = out.length;
      try {
        this.#write(step, index);
      } catch (error) {
        out.length = start;
        this.#failure = new StepError(index, step.operation, false, error);
        break;
      }
      if (out.length >= SEND_BYTES) await send(stream, out);
      if (performance.now() - yieldedAt > YIELD_AFTER_MS) {
        if (out.length > 0) await send(stream, out);
        await new Promise(setImmediate);
        yieldedAt = performance.now();
      }
    }
    // The transaction stays open if a step was not written: the Sync only ends the pipeline.
    this.#allSent = this.#failure === undefined;
    out.sync();
    await send(stream, out);
  }

  #write({ statement, bind }: Step, index: number): void {
    const { prepared: known, uncertain: doubtful } = this.#prepared;
    const { name } = statement;
    const isPrepared = name !== '' && (known.has(name) || this.#newStatements.has(name));
    if (isPrepared) this.#out.execute(statement, bind);
    else if (name === '' || known.size + this.#newStatements.size >= MAX_PREPARED) {
      const unnamed = { ...statement, name: '' };
      this.#out.parse(unnamed);
      this.#out.execute(unnamed, bind);
    } else {
      if (doubtful.delete(name)) this.#out.close(name);
      this.#out.parse(statement);
      this.#newStatements.set(name, index);
      this.#out.execute(statement, bind);
    }
  }

  handleCommandComplete(): void {
    this.#completed++;
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  /** Called for an error of the server or the end of the connection; steps are still sent up to the Sync if possible. */
  handleError(error: Error): void {
    const doing = this.#operations[this.#completed] ?? 'waiting for the database';
    this.#failure ??= new StepError(this.#completed, doing, this.#allSent, error);
    this.#finish();
  }

  #finish(): void {
    void this.#sending.then(() => {
      const { prepared: known, uncertain: doubtful } = this.#prepared;
      for (const [name, step] of this.#newStatements) (step < this.#completed ? known : doubtful).add(name);
      if (this.#failure === undefined) this.#resolve();
      else this.#reject(this.#failure);
    });
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

/** Resolves when the bytes were sent or the connection ended; the query receives the end of the connection. */
async function send(stream: Duplex, out: Messages): Promise<void> {
  await new Promise<void>(resolve => {
    stream.write(out.view(), () => resolve());
  });
  out.reset();
}
