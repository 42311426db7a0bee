import type { AlteredPosition, PlanContext, SinkWriter } from '../../src/api/index.ts';
import type { Settings } from './config/settings.ts';
import { fenceOlderWriters, setPositions } from './offsets/offsets.ts';
import { ensureOffsetsTable, existingColumns } from './offsets/offsets-table.ts';
import { Session } from './protocol/session.ts';
import { sessionName } from './protocol/session-name.ts';
import { terminateStalledTransactions } from './protocol/stalled-transactions.ts';

/** Sets positions in the destination. Rejects as JdbcSinkTask.open does. */
export async function alterOffsets(
  settings: Settings,
  writer: SinkWriter,
  positions: readonly AlteredPosition[],
  context: PlanContext,
): Promise<void> {
  await withSession(settings, writer, context, async session => {
    await terminateStalledTransactions(session, context.log);
    await ensureOffsetsTable(session);
    context.signal.throwIfAborted();
    await setPositions(session, writer, positions);
  });
}

/** Fences older writers in the destination; does nothing if no task has claimed a position there. */
export async function fence(settings: Settings, writer: SinkWriter, context: PlanContext): Promise<void> {
  await withSession(settings, writer, context, async session => {
    await terminateStalledTransactions(session, context.log);
    if ((await existingColumns(session)) !== null) await fenceOlderWriters(session, writer);
  });
}

async function withSession(
  settings: Settings,
  writer: SinkWriter,
  { signal }: PlanContext,
  operation: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await Session.open(settings, sessionName(writer, 'control'), signal);
  const disconnect = () => session.client.connection.stream.destroy(new Error('the operation was cancelled'));
  signal.addEventListener('abort', disconnect, { once: true });
  try {
    await operation(session);
  } finally {
    signal.removeEventListener('abort', disconnect);
    await session.close();
  }
}
