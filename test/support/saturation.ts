import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Threads that use all cores until disposed. */
export function saturation(): AsyncDisposable {
  const threads = Array.from({ length: availableParallelism() }, () => new Worker('for (;;);', { eval: true }));
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(threads.map(thread => thread.terminate()));
    },
  };
}
