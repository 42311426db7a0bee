import type { AlteredPosition, PlanContext, SinkWriter } from '../../src/api/index.ts';
import type { Settings } from './config/settings.ts';
import { Session } from './protocol/session.ts';
import { sessionName } from './protocol/session-name.ts';
import { endStalled } from './protocol/stalled-transactions.ts';
import { raiseGeneration, setPositions } from './write/offsets.ts';
import { ensureOffsets, presentColumns } from './write/offsets-table.ts';

/** Sets positions in the destination. Rejects as a task does. */
export async function alterOffsets(
  settings: Settings,
  writer: SinkWriter,
  positions: readonly AlteredPosition[],
  context: PlanContext,
): Promise<void> {
  await withSession(settings, writer, context, async session => {
    await endStalled(session, context.log);
    await ensureOffsets(session);
    context.signal.throwIfAborted();
    await setPositions(session, writer, positions);
  });
}

/** Refuses older writers in the destination; nothing to do where no task has ever claimed anything there. */
export async function fence(settings: Settings, writer: SinkWriter, context: PlanContext): Promise<void> {
  await withSession(settings, writer, context, async session => {
    await endStalled(session, context.log);
    if ((await presentColumns(session)) !== null) await raiseGeneration(session, writer);
  });
}

async function withSession(
  settings: Settings,
  writer: SinkWriter,
  { signal }: PlanContext,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await Session.open(settings, sessionName(writer, 'control'), signal);
  const cut = () => session.client.connection.stream.destroy(new Error('it has been given up'));
  signal.addEventListener('abort', cut, { once: true });
  try {
    await work(session);
  } finally {
    signal.removeEventListener('abort', cut);
    await session.close();
  }
}
