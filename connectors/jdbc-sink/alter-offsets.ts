import type { AlteredPosition, PlanContext } from '../../src/api/index.ts';
import { applicationName } from '../../src/config/application-name.ts';
import type { Settings } from './config/settings.ts';
import { connect } from './protocol/connect.ts';
import { Session } from './protocol/session.ts';
import { endStalled } from './protocol/stalled.ts';
import { ensureOffsets, setPositions } from './write/offsets.ts';

/** Sets positions in the destination, over a connection of its own. Rejects as a task does. */
export async function alterOffsets(
  settings: Settings,
  connector: string,
  positions: readonly AlteredPosition[],
  { log, signal }: PlanContext,
): Promise<void> {
  const client = await connect(settings, applicationName(connector, '/offsets'), signal);
  const session = new Session(client, settings.destination.named);
  try {
    await endStalled(session, log);
    await ensureOffsets(session);
    await setPositions(session, connector, positions);
  } finally {
    await session.close();
  }
}
