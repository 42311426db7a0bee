import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import type { HostChannel } from '../../src/data-plane/channel.ts';
import type { FromHost } from '../../src/data-plane/messages.ts';
import { TaskHost } from '../../src/data-plane/task-host.ts';
import { threadTimes } from '../../src/data-plane/thread-times.ts';

const settings = { properties: {}, configFiles: [], levels: [] };
afterEach(() => void vi.useRealTimers());

/** A host that reports its thread and sends no further message. */
function silentHost(thread: string, isOverloaded = false): TaskHost {
  const receivers: ((message: FromHost) => void)[] = [];
  const channel: HostChannel = {
    post: () => undefined,
    onMessage: receive => void receivers.push(receive),
    onExit: () => undefined,
    findBlockedRequest: async () => ({ id: 2, stack: ['loop a/b.js:1'] }),
    terminate: () => undefined,
  };
  const host = new TaskHost(channel, settings, 4000, () => isOverloaded);
  for (const receive of receivers) receive({ type: 'started', thread });
  return host;
}

/** Starts a process whose only thread runs `code`. */
async function program(code: string, isRunnable: boolean) {
  const child = spawn('bash', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const thread = `${child.pid}/task/${child.pid}`;
  await vi.waitUntil(() => threadTimes(thread)?.isRunnable === isRunnable);
  return { thread, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

/** Errors of two calls. */
const callErrors = (host: TaskHost): Promise<unknown[]> =>
  Promise.all(
    [1, 2].map(() => host.call('planTasks', [], { confirmAttempt: undefined }).catch((error: unknown) => error)),
  );

test('a host without CPU is terminated after a minute, and none of its requests is suspected', async () => {
  // The thread is always runnable, and gets almost no CPU during the minute of the fake clock.
  using runnable = await program('echo; while :; do :; done', true);
  vi.useFakeTimers();
  const host = silentHost(runnable.thread);
  const errors = callErrors(host);
  await vi.advanceTimersByTimeAsync(59_500);
  expect(host.isAlive).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  const error = { message: 'it got no CPU for 60 s', isSuspect: false, suspicion: { kind: 'starved', stack: [] } };
  expect(await errors).toMatchObject([error, error]);
  expect(host.isAlive).toBe(false);
});

test('a host that sleeps on an overloaded machine is not suspected either', async () => {
  using waiting = await program('echo; read', false);
  vi.useFakeTimers();
  const host = silentHost(waiting.thread, true);
  const errors = callErrors(host);
  await vi.advanceTimersByTimeAsync(59_500);
  expect(host.isAlive).toBe(true);
  await vi.advanceTimersByTimeAsync(500);
  const error = { isSuspect: false, suspicion: { kind: 'starved', stack: [] } };
  expect(await errors).toMatchObject([error, error]);
});

test('a blocked host is terminated, and the request that blocks it is identified', async () => {
  using waiting = await program('echo; read', false);
  vi.useFakeTimers();
  const host = silentHost(waiting.thread);
  const errors = callErrors(host);
  await vi.advanceTimersByTimeAsync(4000);
  expect(await errors).toMatchObject([
    { isSuspect: false, suspicion: { kind: 'none' } },
    { message: 'its event loop was blocked for 4 s', isSuspect: true, suspicion: { stack: ['loop a/b.js:1'] } },
  ]);
});
