import { addAbortListener } from 'node:events';
import { MillraceError } from '../errors.ts';

/** Milliseconds that a task has to end its work after the request to stop, and again to close. Millrace's connectors take less. */
export const GRACE_MS = 10_000;

/**
 * Waits for `work`; rejects when it lasts longer than the grace period after the signal is aborted. A plugin that
 * ignores the signal must not prevent its connector from being stopped or deleted. method: a method of the task, such as `read`.
 */
export async function untilGraceEnds<T>(method: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const listener = addAbortListener(signal, () => {
    timer = setTimeout(() => reject(graceExceeded(method)), GRACE_MS).unref();
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
    listener[Symbol.dispose]();
  }
}

/** Waits for `work` at most until the signal is aborted. For work that has no effects and ends by itself. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const listener = addAbortListener(signal, () => reject(signal.reason));
  try {
    return await Promise.race([work, aborted]);
  } finally {
    listener[Symbol.dispose]();
  }
}

/**
 * Closes `resource` after `use`, also when that fails, and waits at most for the grace period. Throws the first error:
 * an error of closing after a failure is a consequence of that failure.
 */
export async function closeAfter<T>(resource: { close(): Promise<void> }, use: () => Promise<T>): Promise<T> {
  const close = () => untilGraceEnds('close', AbortSignal.abort(), Promise.resolve(resource.close()));
  let result: T;
  try {
    result = await use();
  } catch (error) {
    try {
      await close();
    } catch {}
    throw error;
  }
  await close();
  return result;
}

const graceExceeded = (method: string): MillraceError =>
  new MillraceError(
    'INTERNAL',
    `The connector's ${method} did not end within ${GRACE_MS / 1000} s of the request to stop; Millrace waits no longer. This is a fault of the plugin.`,
  );
