import { isMainThread, Worker } from 'node:worker_threads';

/** Script of a separate thread, which runs even while the event loop of this process is blocked. */
const watchScript = `
const { workerData: parent } = require('node:worker_threads');
const check = () => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
};
check();
setInterval(check, 500);
`;

/** Ends this process when its parent has ended. The parent's process id is the first argument. A worker thread needs no watch. */
export function exitWithParent(): void {
  if (!isMainThread) return;
  new Worker(watchScript, { eval: true, workerData: Number(process.argv[2]) }).unref();
}
