import { parentPort } from 'node:worker_threads';
import type { FromHost, HostSettings, ToHost } from './messages.ts';

/** The host's end of the channel to the main thread. */
export interface HostPort {
  /** Settings in the first message. */
  readonly settings: Promise<HostSettings>;
  post(message: FromHost): void;
  /** Receives all later messages, including those that arrived before this call. */
  onMessage(receive: (message: ToHost) => void): void;
}

/** The port of this worker thread or child process. */
export function hostPort(): HostPort {
  const settings = Promise.withResolvers<HostSettings>();
  const early: ToHost[] = [];
  let receive = (message: ToHost): void => void early.push(message);
  const dispatch = (message: ToHost): void => {
    if (message.type === 'start') settings.resolve(message.settings);
    else receive(message);
  };
  if (parentPort === null) process.on('message', dispatch);
  else parentPort.on('message', dispatch);
  return {
    settings: settings.promise,
    post(message) {
      if (parentPort !== null) parentPort.postMessage(message);
      // The callback ignores the error if the parent has ended; parent-watch.ts ends this process then.
      else process.send?.(message, undefined, {}, () => undefined);
    },
    onMessage(receiver) {
      receive = receiver;
      for (const message of early.splice(0)) receiver(message);
    },
  };
}
