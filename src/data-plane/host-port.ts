import { parentPort } from 'node:worker_threads';
import type { FromHost, HostSettings, ToHost } from './messages.ts';

/** The host's end of its channel to the main thread. */
export interface HostPort {
  /** The first message. */
  readonly settings: Promise<HostSettings>;
  post(message: FromHost): void;
  /** Receives all messages but the first, those that came before this call included. */
  onMessage(receive: (message: ToHost) => void): void;
}

/** The port of this worker thread or child process. */
export function hostPort(): HostPort {
  const settings = Promise.withResolvers<HostSettings>();
  const early: ToHost[] = [];
  let receive = (message: ToHost): void => void early.push(message);
  const take = (message: ToHost): void => {
    if (message.type === 'start') settings.resolve(message.settings);
    else receive(message);
  };
  if (parentPort === null) process.on('message', take);
  else parentPort.on('message', take);
  return {
    settings: settings.promise,
    post(message) {
      if (parentPort !== null) parentPort.postMessage(message);
      // The callback takes the error of a parent that is gone; parent-watch.ts ends this process then.
      else process.send?.(message, undefined, {}, () => undefined);
    },
    onMessage(to) {
      receive = to;
      for (const message of early.splice(0)) to(message);
    },
  };
}
