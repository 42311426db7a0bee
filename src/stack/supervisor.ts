// Holds the servers of `millrace stack up` in the background: its argument is UpOptions as JSON, it reports to its parent
// until the servers answer, and then runs on by itself until SIGTERM.
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

const ended = new Promise<void>(resolve => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
});
let claimed = false;

// Whoever waits for the servers has gone away: nobody would know of them. What has been started goes with this process.
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
  await stay(ended);
  await stack.stop();
  await removeState();
} catch (error) {
  process.off('disconnect', abandon);
  // Before it is told: whoever hears that nothing runs finds nothing.
  if (claimed) await removeState();
  report({ failed: messageOf(error) });
  process.exitCode = 1;
} finally {
  if (process.connected) process.disconnect?.();
}

function report(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message);
}

/** Waits for something that by itself would not keep a process alive. */
async function stay(until: Promise<void>): Promise<void> {
  const alive = setInterval(() => undefined, 1 << 30);
  await until;
  clearInterval(alive);
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
