import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { eventually } from '../support/eventually.ts';

/** Outcome of one call of a client's function. */
export interface Answer<T> {
  readonly result?: T;
  /** Class of the exception, without its package. */
  readonly error?: string;
  readonly message?: string;
  /** Body of the HTTP answer that caused the error. */
  readonly body?: string;
  /** Output of the function on stdout. */
  readonly printed?: string;
}

const isBusy = (answer: unknown): boolean =>
  /rebalance is (expected|in pro)|stale configuration/i.test(JSON.stringify(answer));

/** A program that answers each line of JSON with one line of JSON. */
export class Session implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #stderr = '';

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(program, args, { env });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
    });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Retries during a rebalance of Kafka Connect, which rejects most requests. */
  async ask<T>(request: unknown): Promise<Answer<T>> {
    const first = await this.#askOnce<T>(request);
    if (!isBusy(first)) return first;
    return eventually('no rebalance is in progress', async () => {
      const answer = await this.#askOnce<T>(request);
      return isBusy(answer) ? undefined : answer;
    });
  }

  async #askOnce<T>(request: unknown): Promise<Answer<T>> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the client's session ended:\n${this.#stderr}`);
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exit;
  }
}
