import { setImmediate } from 'node:timers/promises';
import { MillraceError, messageOf } from '../errors.ts';

/** Milliseconds without a byte after which the server is probed over another session. */
const SILENCE_MS = 15_000;
/** Milliseconds that bytes may be in transit on a slow link; a server that waits for them is no proof until then. */
const TRANSIT_MS = 30_000;
/** Timeout of a probe: the new session and its query. */
const PROBE_MS = 10_000;

/** A session with a pending response, and the probe of it. */
export interface WatchedSession {
  /** `PostgreSQL at db.example:5432` */
  readonly server: string;
  readonly failure: 'SOURCE_UNAVAILABLE' | 'SINK_UNAVAILABLE';
  /** Milliseconds of silence after which the wait ends regardless of probes. 0: no limit. */
  readonly limitMs: number;
  /** Name of the setting of `limitMs`. */
  readonly limitSetting: string;
  /** Number that increases while bytes are transferred. */
  progress(): number;
  /**
   * Looks up this session over a new one. Resolves to true if the server has waited for the client for `idleMs`; false otherwise,
   * and if the session is not visible or the query is rejected. Rejects if the server does not respond.
   */
  probe(options: SessionProbe, signal: AbortSignal): Promise<boolean>;
}

export interface SessionProbe {
  readonly idleMs: number;
  /** Condition to terminate the session on the server, which releases its locks. */
  readonly terminate: 'never' | 'if idle' | 'always';
}

/** The server does not respond; the session cannot be used again. */
export class SilentServerError extends MillraceError {}

/**
 * Waits for a response. A server that is frozen or cut off nprobeSignal responds nor closes the connection. TCP keepalive does not
 * detect it, as the system answers for a frozen process, and a long statement or a wait for a lock is silent too. Therefore
 * the server is probed over a new session after 15 s of silence, and every 15 s after that. Rejects with SilentServerError if
 * the probe gets no response, if the server waits for the client, or after `limitMs`; the caller closes the session then.
 *
 * operation: such as `reading orders`.
 */
export async function watchAnswer<T>(session: WatchedSession, operation: string, answer: Promise<T>): Promise<T> {
  const watch = new AbortController();
  try {
    return await Promise.race([answer, rejectWhenSilent(session, operation, watch.signal)]);
  } finally {
    watch.abort();
  }
}

/** Never settles if the signal is aborted first. */
async function rejectWhenSilent(session: WatchedSession, operation: string, signal: AbortSignal): Promise<never> {
  const limit = session.limitMs > 0 ? session.limitMs : Number.POSITIVE_INFINITY;
  // TLS passes written data to the socket a moment later.
  await setImmediate();
  let lastProgress = session.progress();
  let silentMs = 0;
  while (!signal.aborted) {
    // Counts ticks instead of time: data that arrives while this process is frozen is processed afterwards.
    const tick = Math.min(SILENCE_MS, limit - silentMs);
    await pause(tick, signal);
    await setImmediate();
    const current = session.progress();
    silentMs = current === lastProgress ? silentMs + tick : 0;
    lastProgress = current;
    if (silentMs === 0) continue;
    if (signal.aborted) break;
    const reason = silentMs < limit ? await probeServer(session, silentMs, signal) : terminateSession(session);
    if (reason !== undefined && !signal.aborted && session.progress() === lastProgress)
      throw new SilentServerError(
        session.failure,
        `${operation}: ${session.server} has not responded for ${silentMs / 1000} s, ${reason}`,
      );
  }
  return new Promise(() => {});
}

/** Probes the server. Returns the reason to end the wait; undefined if the response may still come. */
async function probeServer(
  session: WatchedSession,
  silentMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const isDelivered = silentMs >= TRANSIT_MS;
  const probe: SessionProbe = { idleMs: silentMs - SILENCE_MS / 3, terminate: isDelivered ? 'if idle' : 'never' };
  const deadline = AbortSignal.timeout(PROBE_MS);
  const probeSignal = AbortSignal.any([signal, deadline]);
  try {
    const idle = await Promise.race([session.probe(probe, probeSignal), rejectWhenAborted(probeSignal)]);
    return idle && isDelivered
      ? 'and waits for the next statement: its process is frozen, or data to it was lost'
      : undefined;
  } catch (error) {
    const problem = deadline.aborted ? `no response within ${PROBE_MS / 1000} s` : messageOf(error);
    return `and accepts no new session: ${problem}`;
  }
}

/** Terminates the session on the server, without waiting for the result, after the limit has passed. */
function terminateSession(session: WatchedSession): string {
  session.probe({ idleMs: 0, terminate: 'always' }, AbortSignal.timeout(PROBE_MS)).catch(() => {});
  return `longer than ${session.limitSetting} allows`;
}

const rejectWhenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** Resolves after `ms`, or at once when the signal is aborted. */
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
