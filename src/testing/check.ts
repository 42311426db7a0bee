import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../api/index.ts';
import { MillraceError, messageOf } from '../errors.ts';

/** One requirement of the contract. `run` rejects with an AssertionError whose message is a sentence about the violation. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

export const check = (name: string, run: () => void | Promise<void>): Check => ({
  name,
  run: async () => run(),
});

/** Discards logs of the component. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Timeout of calls that the contract limits. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** Returns the result of the work; fails when it does not come in time. */
export async function withTimeout<T>(what: string, work: Promise<T>, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<T> {
  const settled = new AbortController();
  const late = pause(timeoutMs, undefined, { signal: settled.signal }).then(
    () => assert.fail(`${what} took more than ${timeoutMs / 1000} s.`),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}

/** Returns the MillraceError that the work throws, undefined without one. Fails for any other error, which would be a bug. */
export async function errorOf(what: string, work: () => unknown): Promise<MillraceError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    assert.ok(
      error instanceof MillraceError,
      `${what} threw ${messageOf(error)}: it must throw a MillraceError, such as DataError for a record.`,
    );
    return error;
  }
}

/** Returns true when a value is the same after JSON.stringify and JSON.parse. */
export function survivesJson(value: unknown): boolean {
  try {
    assert.deepEqual(JSON.parse(JSON.stringify(value)), value);
    return true;
  } catch {
    return false;
  }
}
