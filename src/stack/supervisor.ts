// Supervises the servers of `millrace stack up` in the background. Its argument is UpOptions as JSON. It reports to its
// parent until the servers answer, then runs detached until SIGTERM.
import { messageOf } from '../errors.ts';
import { type Server, startStack } from './index.ts';
import {
  claimState,
  publishState,
  removeState,
  type ServerState,
  type StackState,
  type SupervisorMessage,
  type UpOptions,
} from './state.ts';

const { services, ports, dataDir } = JSON.parse(process.argv[2] ?? '{}') as UpOptions;

const stopSignal = new Promise<void>(resolve => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
});
let claimed = false;

// The parent ended before the servers were ready, so nothing would stop them later: they end with this process.
const abandon = async (): Promise<void> => {
  if (claimed) await removeState();
  process.exit(1);
};
process.once('disconnect', abandon);

try {
  const state = await claimState();
  claimed = true;
  const log = (progress: string): void => report({ progress });
  const stack = await startStack({ services, ports, log, ...(dataDir === undefined ? {} : { dataDir }) });
  const up: StackState = { ...state, phase: 'up', servers: services.map(service => describe(stack[service])) };
  await publishState(up);
  process.off('disconnect', abandon);
  report({ up });
  process.disconnect?.();
  await keepAliveUntil(stopSignal);
  await stack.stop();
  await removeState();
} catch (error) {
  process.off('disconnect', abandon);
  // Removed before the report: after a failed start, `stack status` must not find a state file.
  if (claimed) await removeState();
  report({ failed: messageOf(error) });
  process.exitCode = 1;
} finally {
  if (process.connected) process.disconnect?.();
}

function report(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message);
}

/** Waits for a promise that does not keep the process alive by itself. */
async function keepAliveUntil(promise: Promise<void>): Promise<void> {
  const timer = setInterval(() => undefined, 1 << 30);
  await promise;
  clearInterval(timer);
}

function describe(server: Server & { readonly url?: string; readonly ui?: string | undefined }): ServerState {
  const { service, origin, address, version, pid, url, ui } = server;
  return {
    service,
    origin,
    address,
    version,
    ...(pid === undefined ? {} : { pid }),
    ...(url === undefined ? {} : { url }),
    ...(ui === undefined ? {} : { ui }),
  };
}
