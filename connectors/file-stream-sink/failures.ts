import { MillraceError, messageOf } from '../../src/errors.ts';

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** Errors that need a change by the user; others, such as a full disk or too many open files, are retriable. */
const permanent = new Set([
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

/** Maps an error of a write. The message of SINK_SETUP starts like Kafka Connect's. */
export function toMillraceError(path: string, error: unknown): unknown {
  if (error instanceof MillraceError) return error;
  const code = codeOf(error);
  if (code === undefined) return error;
  const reason = messageOf(error);
  return permanent.has(code)
    ? new MillraceError(
        'SINK_SETUP',
        `Couldn't find or create file '${path}' for FileStreamSinkTask: ${reason}. Its folder must exist, and the worker must have permission to write to it.`,
        { cause: error },
      )
    : new MillraceError('SINK_UNAVAILABLE', `The file ${path} cannot be written: ${reason}`, { cause: error });
}

/** Returns null when a file or folder does not exist. */
export async function orNullIfMissing<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
