import type { ManagedServer, Server } from './types.ts';

/** Controls of a server that this process started, as a child process or in a container. */
export type ServerControls = Pick<ManagedServer, 'pid' | 'kill9' | 'stopProcess' | 'cont' | 'restart' | 'stop'>;

/** Combines a server's description with its controls. */
export function managedServer<Description extends Pick<Server, 'service' | 'origin' | 'address' | 'version'>>(
  description: Description,
  controls: ServerControls,
): Description & ManagedServer {
  return {
    ...description,
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
