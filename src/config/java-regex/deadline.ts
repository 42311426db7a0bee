import { type Context, createContext, Script } from 'node:vm';
import { MillraceError } from '../../errors.ts';

/** Timeouts of the first and the second try. A pattern needs microseconds; the second try is for a starved process. */
const DEADLINES_MS = [250, 1000] as const;

const script = new Script('run()');
let context: Context | undefined;

/**
 * Runs `work` with a timeout, which also interrupts V8's regular expressions, and once more with a longer one. Throws
 * TASK_CONFIG with the message of `describe` after the second timeout. A call costs about 100 µs.
 */
export function withDeadline<T>(work: () => T, describe: () => string): T {
  context ??= createContext({ run: undefined });
  for (const timeout of DEADLINES_MS) {
    context['run'] = work;
    try {
      return script.runInContext(context, { timeout }) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    } finally {
      context['run'] = undefined;
    }
  }
  throw new MillraceError('TASK_CONFIG', describe());
}
