import { type Context, createContext, Script } from 'node:vm';
import { MillraceError } from '../../errors.ts';

/** A pattern needs microseconds for a name. A process that waits for a core has a second try. */
const DEADLINES_MS = [250, 1000] as const;

const script = new Script('run()');
let context: Context | undefined;

/**
 * Runs `work` and interrupts it after a second, in V8's regular expressions too. `describe` says what has been
 * interrupted and which setting to mend. TASK_CONFIG. A call costs some 100 µs.
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
