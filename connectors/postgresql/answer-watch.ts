import { MillraceError, messageOf } from '../../src/errors.ts';
import { type ConnectionSettings, connect, endSession } from './connection.ts';

/** After this long without a byte, it is asked whether the server answers at all. */
const SILENCE_MS = 15_000;
const PROBE_MS = 10_000;
/** Beyond `database.query.timeout.ms`, after which the server should have ended the query itself. */
const GRACE_MS = 30_000;

/**
 * Waits for the answer to a query. A server that is frozen or cut off neither answers nor hangs up; a long query is silent
 * too. So a new session is tried: where it is not answered either, or the server does not end a query at its time-out, this
 * rejects with SOURCE_UNAVAILABLE. progress: counts up with what has come of the answer.
 */
export async function watchAnswer<T>(
  settings: ConnectionSettings,
  doing: string,
  answer: Promise<T>,
  progress: () => number = () => 0,
): Promise<T> {
  const watch = new AbortController();
  try {
    return await Promise.race([answer, watchSilence(settings, doing, progress, watch.signal)]);
  } finally {
    watch.abort();
  }
}

async function watchSilence(
  settings: ConnectionSettings,
  doing: string,
  progress: () => number,
  signal: AbortSignal,
): Promise<never> {
  const limit = settings.queryTimeoutMs > 0 ? settings.queryTimeoutMs + GRACE_MS : Number.POSITIVE_INFINITY;
  const at = `PostgreSQL at ${settings.host}:${settings.port}`;
  let seen = progress();
  let silent = 0;
  for (;;) {
    await pause(SILENCE_MS, signal);
    const now = progress();
    silent = now === seen ? silent + SILENCE_MS : 0;
    seen = now;
    if (silent === 0) continue;
    if (silent >= limit)
      throw new MillraceError(
        'SOURCE_UNAVAILABLE',
        `${doing}: ${at} has not answered for ${silent / 1000} s, longer than database.query.timeout.ms allows`,
      );
    const problem = await probe(settings, signal);
    if (problem !== undefined)
      throw new MillraceError(
        'SOURCE_UNAVAILABLE',
        `${doing}: ${at} has not answered for ${silent / 1000} s, and takes no new session: ${problem}`,
      );
  }
}

/** Why the server takes no session; undefined where it does, or says itself why not. */
async function probe(settings: ConnectionSettings, signal: AbortSignal): Promise<string | undefined> {
  try {
    const session = { ...settings, initialStatements: [] };
    const client = await connect(session, { applicationName: 'millrace probe', connectTimeoutMs: PROBE_MS, signal });
    void endSession(client);
    return undefined;
  } catch (error) {
    const cause = (error as Error).cause as { severity?: unknown } | undefined;
    return signal.aborted || cause?.severity !== undefined ? undefined : messageOf(error);
  }
}

/** Never resolves where the signal is aborted first. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
