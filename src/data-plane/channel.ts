import { type ChildProcess, fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { type BlockedRequest, findBlockedRequest } from './blocked-request.ts';
import type { FromHost, ToHost } from './messages.ts';

/** The main thread's end of the channel to a host. */
export interface HostChannel {
  post(message: ToHost): void;
  onMessage(receive: (message: FromHost) => void): void;
  /** exited: called once, when the host has ended. */
  onExit(exited: (reason: string) => void): void;
  /** Finds the request that blocks the host's thread; undefined if it cannot be found. */
  findBlockedRequest(): Promise<BlockedRequest | undefined>;
  /** Ends the host, even during a computation. */
  terminate(): void;
}

/** Size of V8's young generation; bin/millrace sets the same for the main thread. */
const YOUNG_GENERATION_MB = 48;

/** Opens a host in a worker thread of this process. */
export function threadChannel(entry: URL): HostChannel {
  const thread = new Worker(entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } });
  let reason = 'it exited';
  thread.on('error', (error: Error) => {
    reason = error.message;
  });
  return {
    post: message => thread.postMessage(message),
    onMessage: receive => void thread.on('message', receive),
    onExit: exited => void thread.once('exit', () => exited(reason)),
    findBlockedRequest: () => findBlockedRequest(thread.threadId),
    terminate: () => void thread.terminate(),
  };
}

/** Opens a host in a process of its own, so that its crash affects nothing else. */
export function processChannel(entry: URL): HostChannel {
  const child: ChildProcess = fork(entry, [String(process.pid)], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let reason: string | undefined;
  child.on('error', error => {
    reason ??= error.message;
  });
  return {
    post: message => {
      if (child.connected) child.send(message, () => undefined);
    },
    onMessage: receive => void child.on('message', receive),
    onExit: exited =>
      void child.once('exit', (code, signal) => exited(reason ?? `its process ended with ${signal ?? `code ${code}`}`)),
    findBlockedRequest: async () => undefined,
    terminate: () => void child.kill('SIGKILL'),
  };
}
