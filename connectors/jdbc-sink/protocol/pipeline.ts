import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import type { Messages, Statement } from './messages.ts';

/** One execution of a statement. */
export interface Step {
  readonly statement: Statement;
  /** Appends the parameters; absent where there are none. What it throws ends the pipeline before it takes effect. */
  readonly bind?: (out: Messages) => void;
  /** What it does, for messages: `writing to "shop"."orders"`. */
  readonly doing: string;
}

/** What a connection has prepared. */
export interface Prepared {
  /** Statements known to be there. */
  readonly known: Set<string>;
  /** Statements that may be there: what was sent behind them failed. */
  readonly doubtful: Set<string>;
}

/** A step failed, on the server or in `bind`; nothing behind it ran. */
export class StepFailed extends Error {
  /** Place of the step in the pipeline. */
  readonly index: number;
  readonly doing: string;
  /** Whether every step had been sent: then a lost connection leaves open what the last of them did. */
  readonly sent: boolean;
  constructor(index: number, doing: string, sent: boolean, cause: unknown) {
    super(`failed ${doing}`, { cause });
    this.index = index;
    this.doing = doing;
    this.sent = sent;
  }
}

/** Statements that a connection keeps at most; more are prepared for the one time. */
export const MAX_PREPARED = 500;
/** Bytes gathered before they are sent while more are encoded. */
const SEND_BYTES = 256 * 1024;
/** How long encoding may hold the event loop. */
const BREATH_MS = 10;

/**
 * Statements sent one after the other, made as they are sent, without waiting for replies, and one Sync behind them: one round trip for all.
 * After a failure the server passes over everything up to the Sync (protocol chapter "Pipelining").
 *
 * Given to `client.query`. `done` is there when the replies are, and after everything has left `out`.
 */
export class Pipeline implements Submittable {
  readonly done: Promise<void>;
  readonly #steps: Iterable<Step>;
  readonly #doing: string[] = [];
  readonly #out: Messages;
  readonly #prepared: Prepared;
  /** Statements that this pipeline prepares, and by which step. */
  readonly #parsed = new Map<string, number>();
  #completed = 0;
  #failure: StepFailed | undefined;
  #sentAll = false;
  #resolve: () => void = () => {};
  #reject: (error: StepFailed) => void = () => {};
  #pumping: Promise<void> = Promise.resolve();

  constructor(steps: Iterable<Step>, out: Messages, prepared: Prepared) {
    this.#steps = steps;
    this.#out = out;
    this.#prepared = prepared;
    this.done = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: Connection): void {
    this.#pumping = this.#pump(connection.stream);
  }

  async #pump(stream: Duplex): Promise<void> {
    const out = this.#out;
    out.reset();
    let breath = performance.now();
    for (const step of this.#steps) {
      if (this.#failure !== undefined) break;
      const index = this.#doing.push(step.doing) - 1;
      const start = out.length;
      try {
        this.#write(step, index);
      } catch (error) {
        out.length = start;
        this.#failure = new StepFailed(index, step.doing, false, error);
        break;
      }
      if (out.length >= SEND_BYTES) await send(stream, out);
      if (performance.now() - breath > BREATH_MS) {
        if (out.length > 0) await send(stream, out);
        await new Promise(setImmediate);
        breath = performance.now();
      }
    }
    // The transaction is left open where a step was not written: the Sync only ends the pipeline.
    this.#sentAll = this.#failure === undefined;
    out.sync();
    await send(stream, out);
  }

  #write({ statement, bind }: Step, index: number): void {
    const { known, doubtful } = this.#prepared;
    const { name } = statement;
    const named = name !== '' && (known.has(name) || this.#parsed.has(name));
    if (named) this.#out.execute(statement, bind);
    else if (name === '' || known.size + this.#parsed.size >= MAX_PREPARED) {
      const unnamed = { ...statement, name: '' };
      this.#out.parse(unnamed);
      this.#out.execute(unnamed, bind);
    } else {
      if (doubtful.delete(name)) this.#out.close(name);
      this.#out.parse(statement);
      this.#parsed.set(name, index);
      this.#out.execute(statement, bind);
    }
  }

  handleCommandComplete(): void {
    this.#completed++;
  }

  handleReadyForQuery(): void {
    this.#finish();
  }

  /** An error of the server, or the connection's end; the pump goes on to its Sync where it still can. */
  handleError(error: Error): void {
    const doing = this.#doing[this.#completed] ?? 'waiting for the database';
    this.#failure ??= new StepFailed(this.#completed, doing, this.#sentAll, error);
    this.#finish();
  }

  #finish(): void {
    void this.#pumping.then(() => {
      const { known, doubtful } = this.#prepared;
      for (const [name, step] of this.#parsed) (step < this.#completed ? known : doubtful).add(name);
      if (this.#failure === undefined) this.#resolve();
      else this.#reject(this.#failure);
    });
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

/** Resolves when the bytes are on their way, or never will be: the connection's end reaches the query by itself. */
async function send(stream: Duplex, out: Messages): Promise<void> {
  await new Promise<void>(resolve => {
    stream.write(out.view(), () => resolve());
  });
  out.reset();
}
