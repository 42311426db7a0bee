import { MillraceError, messageOf } from '../../src/errors.ts';

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** What someone must mend; anything else (a full disk, too many open files) may pass by itself. */
const lasting = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ENXIO',
  'ETXTBSY',
]);

/** What a failure to write means. SINK_SETUP begins in Kafka Connect's words. */
export function failure(path: string, error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const reason = messageOf(error);
  return lasting.has(code)
    ? new MillraceError(
        'SINK_SETUP',
        `Couldn't find or create file '${path}' for FileStreamSinkTask: ${reason}. Its folder must be there, and the worker must be allowed to write to it.`,
        { cause: error },
      )
    : new MillraceError('SINK_UNAVAILABLE', `The file ${path} cannot be written: ${reason}`, { cause: error });
}

export async function orMissing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
