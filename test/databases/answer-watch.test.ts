import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type SessionProbe, type WatchedSession, watchAnswer } from '../../src/databases/answer-watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const probes: SessionProbe[] = [];
let bytes = 0;
/** idle: milliseconds that the server has waited; undefined: it accepts no session. */
function session(idle: number | undefined, limitMs = 0): WatchedSession {
  probes.length = 0;
  return {
    server: 'PostgreSQL at db:5432',
    failure: 'SINK_UNAVAILABLE',
    limitMs,
    limitSetting: 'socketTimeout',
    progress: () => bytes,
    probe: options => {
      probes.push(options);
      return idle === undefined ? Promise.reject(new Error('refused')) : Promise.resolve(idle >= options.idleMs);
    },
  };
}

/** Error message of a watch and the seconds until then; undefined if it does not end within two hours. */
async function outcome(watched: WatchedSession, everySecond = (_second: number): void => {}) {
  let message: string | undefined;
  const answer = Promise.withResolvers<void>();
  const watching = watchAnswer(watched, 'reading', answer.promise).catch((error: Error) => {
    message = error.message;
  });
  let seconds = 0;
  for (; seconds < 7200 && message === undefined; seconds++) {
    everySecond(seconds);
    await vi.advanceTimersByTimeAsync(1000);
    await setImmediate();
    await setImmediate();
  }
  answer.resolve();
  await watching;
  return message === undefined ? undefined : { message, seconds };
}

test('rejects after 15 s of silence if the server accepts no session', async () => {
  expect(await outcome(session(undefined))).toEqual({
    message: 'reading: PostgreSQL at db:5432 has not responded for 15 s, and accepts no new session: refused',
    seconds: 15,
  });
});

test('rejects if the server waits for the client after the time in transit', async () => {
  expect(await outcome(session(3_600_000))).toMatchObject({ seconds: 30 });
  expect(probes.map(({ terminate }) => terminate)).toEqual(['never', 'if idle']);
});

test('waits for a working server up to the limit', async () => {
  expect(await outcome(session(0))).toBeUndefined();
  expect(await outcome(session(0, 40_000))).toEqual({
    message: 'reading: PostgreSQL at db:5432 has not responded for 40 s, longer than socketTimeout allows',
    seconds: 40,
  });
  expect(probes.at(-1)).toMatchObject({ terminate: 'always' });
});

test('transferred bytes restart the silence', async () => {
  const result = outcome(session(undefined, 20_000), second => {
    if (second < 100 && second % 10 === 0) bytes++;
  });
  expect((await result)?.seconds).toBeGreaterThan(100);
});

test('a response ends the watch, before it starts and during a probe', async () => {
  const watched = session(0, 60_000);
  await watchAnswer(watched, 'reading', Promise.resolve());
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(probes).toEqual([]);

  const answer = Promise.withResolvers<void>();
  const probed = Promise.withResolvers<void>();
  const probe: WatchedSession['probe'] = options => {
    probes.push(options);
    probed.resolve();
    return new Promise(() => {});
  };
  const watching = watchAnswer({ ...watched, probe }, 'reading', answer.promise);
  await setImmediate();
  await vi.advanceTimersByTimeAsync(15_000);
  await probed.promise;
  answer.resolve();
  await watching;
  for (let i = 0; i < 10; i++) {
    await setImmediate();
    await vi.advanceTimersByTimeAsync(15_000);
  }
  expect(probes).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
