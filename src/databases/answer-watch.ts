import { setImmediate } from 'node:timers/promises';
import { MillraceError, messageOf } from '../errors.ts';

/** After this long without a byte, the server is asked about the session over another one. */
const SILENCE_MS = 15_000;
/** Bytes on a slow link may be on their way for so long: until then, a server that waits for them proves nothing. */
const TRANSIT_MS = 30_000;
/** For a new session and its question. */
const INQUIRY_MS = 10_000;

/** The session that an answer comes over, and the way of asking about it. */
export interface WatchedSession {
  /** `PostgreSQL at db.example:5432` */
  readonly server: string;
  readonly failure: 'SOURCE_UNAVAILABLE' | 'SINK_UNAVAILABLE';
  /** Milliseconds of silence after which an answer is given up, whatever the server shows. 0: no limit. */
  readonly limitMs: number;
  /** The setting of limitMs. */
  readonly limitSetting: string;
  /** Grows while bytes move. */
  progress(): number;
  /**
   * Looks at this session over a new one. Resolves to whether the server has waited for idleMs for this side to speak;
   * false as well where it does not show the session or refuses the question. Rejects where no answer comes.
   */
  inquire(inquiry: Inquiry, signal: AbortSignal): Promise<boolean>;
}

export interface Inquiry {
  readonly idleMs: number;
  /** When the session is ended on the server, and with it the locks that it holds. */
  readonly terminate: 'never' | 'if idle' | 'always';
}

/** An answer that is due does not come; the session cannot be used again. */
export class SilentServerError extends MillraceError {}

/**
 * Waits for an answer. A server that is frozen or cut off neither answers nor hangs up; TCP keepalive does not tell, as the
 * system answers it for a frozen process; and a long statement or a wait for a lock is silent as well. So after 15 s of
 * silence, and again every 15 s, the server is asked over a new session. Rejects with SilentServerError where that is not
 * answered, where the server waits for this side as well, and where limitMs have passed.
 *
 * doing: `reading orders`. The caller cuts the session then.
 */
export async function watchAnswer<T>(session: WatchedSession, doing: string, answer: Promise<T>): Promise<T> {
  const watch = new AbortController();
  try {
    return await Promise.race([answer, rejectWhenSilent(session, doing, watch.signal)]);
  } finally {
    watch.abort();
  }
}

/** Never settles where the signal is aborted first. */
async function rejectWhenSilent(session: WatchedSession, doing: string, signal: AbortSignal): Promise<never> {
  const limit = session.limitMs > 0 ? session.limitMs : Number.POSITIVE_INFINITY;
  // TLS hands on a moment later what has been written.
  await setImmediate();
  let seen = session.progress();
  let silent = 0;
  while (!signal.aborted) {
    // Ticks are counted, not time: while this process stands still, what has come waits to be seen.
    const tick = Math.min(SILENCE_MS, limit - silent);
    await pause(tick, signal);
    await setImmediate();
    const now = session.progress();
    silent = now === seen ? silent + tick : 0;
    seen = now;
    if (silent === 0) continue;
    if (signal.aborted) break;
    const reason = silent < limit ? await ask(session, silent, signal) : giveUp(session);
    if (reason !== undefined && !signal.aborted && session.progress() === seen)
      throw new SilentServerError(
        session.failure,
        `${doing}: ${session.server} has not answered for ${silent / 1000} s, ${reason}`,
      );
  }
  return new Promise(() => {});
}

/** The reason to give up; undefined where the answer may still come. */
async function ask(session: WatchedSession, silentMs: number, signal: AbortSignal): Promise<string | undefined> {
  const delivered = silentMs >= TRANSIT_MS;
  const inquiry: Inquiry = { idleMs: silentMs - SILENCE_MS / 3, terminate: delivered ? 'if idle' : 'never' };
  const deadline = AbortSignal.timeout(INQUIRY_MS);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const idle = await Promise.race([session.inquire(inquiry, either), rejectWhenAborted(either)]);
    return idle && delivered
      ? 'and waits for a statement itself: its process is frozen, or what was sent to it is lost'
      : undefined;
  } catch (error) {
    const problem = deadline.aborted ? `no answer within ${INQUIRY_MS / 1000} s` : messageOf(error);
    return `and takes no new session: ${problem}`;
  }
}

/** Ends the session on the server without waiting for that: the limit has passed. */
function giveUp(session: WatchedSession): string {
  session.inquire({ idleMs: 0, terminate: 'always' }, AbortSignal.timeout(INQUIRY_MS)).catch(() => {});
  return `longer than ${session.limitSetting} allows`;
}

const rejectWhenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** Resolves at once when the signal is aborted. */
const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return;
  await new Promise<void>(resolve => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
};
