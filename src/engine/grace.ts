import { addAbortListener } from 'node:events';
import { MillraceError } from '../errors.ts';

/** Time that a task has to end what it is doing after it was told to stop, and again to close. Millrace's own take less. */
export const GRACE_MS = 10_000;

/**
 * Waits for `work`, and rejects where it goes on for longer than the grace period after the signal is aborted: a plugin
 * that ignores the signal must not keep its connector from being stopped or deleted. what: `read`, a method of the task.
 */
export async function untilGraceEnds<T>(what: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const stopping = addAbortListener(signal, () => {
    timer = setTimeout(() => reject(late(what)), GRACE_MS).unref();
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
    stopping[Symbol.dispose]();
  }
}

/** Waits for `work` no longer than until the signal is aborted: for what has no effects, and comes to an end by itself. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stopping = addAbortListener(signal, () => reject(signal.reason));
  try {
    return await Promise.race([work, aborted]);
  } finally {
    stopping[Symbol.dispose]();
  }
}

/**
 * Closes `resource` after `use`, whatever happens, and waits for that as long as the grace period. The first error is
 * thrown: what fails while it is closed after a failure is only a consequence.
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

const late = (what: string): MillraceError =>
  new MillraceError(
    'INTERNAL',
    `The connector's ${what} did not end within ${GRACE_MS / 1000} s of the request to stop, and is not waited for any longer: a fault of its plugin.`,
  );
