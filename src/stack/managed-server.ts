import type { OwnServer, Server } from './types.ts';

/** What can be done to a server that was started here, in a process or in a container. */
export type Controls = Pick<OwnServer, 'pid' | 'kill9' | 'stopProcess' | 'cont' | 'restart' | 'stop'>;

/** A server's facts and its controls as one. */
export function ownServer<Facts extends Pick<Server, 'service' | 'origin' | 'address' | 'version'>>(
  facts: Facts,
  controls: Controls,
): Facts & OwnServer {
  return {
    ...facts,
    get pid() {
      return controls.pid;
    },
    kill9: () => controls.kill9(),
    stopProcess: () => controls.stopProcess(),
    cont: () => controls.cont(),
    restart: () => controls.restart(),
    stop: () => controls.stop(),
    [Symbol.asyncDispose]: () => controls.stop(),
  };
}
