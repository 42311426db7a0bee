import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';

/** One thing that the contract asks for. `run` rejects with an AssertionError that says in a sentence what is not so. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

export const check = (name: string, run: () => void | Promise<void>): Check => ({
  name,
  run: async () => run(),
});

/** For contexts: whoever looks for what a component logs gives a log of his own. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** How long anything may take that the contract calls bounded. Milliseconds. */
const PATIENCE = 10_000;

/** What the work answers, within reason. */
export async function soon<T>(what: string, work: Promise<T>, patience = PATIENCE): Promise<T> {
  const over = new AbortController();
  const late = pause(patience, undefined, { signal: over.signal }).then(
    () => assert.fail(`${what} took more than ${patience / 1000} s.`),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** What the work throws; fails where that is none of Millrace's errors, as anything else counts as a bug and is fatal. */
export async function refusal(what: string, work: () => unknown): Promise<MillraceError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    assert.ok(
      error instanceof MillraceError,
      `${what} threw ${messageOf(error)}: it should throw a MillraceError, such as DataError for a record.`,
    );
    return error;
  }
}

/** Whether something can go through JSON and comes out as it was. */
export function stableJson(value: unknown): boolean {
  try {
    assert.deepEqual(JSON.parse(JSON.stringify(value)), value);
    return true;
  } catch {
    return false;
  }
}
