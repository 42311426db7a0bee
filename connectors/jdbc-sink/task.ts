import { addAbortListener } from 'node:events';
import type { SinkBatch, SinkPosition, SinkTask, SinkTaskContext } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';
import type { Settings } from './config/settings.ts';
import { warningOf } from './protocol/connect.ts';
import { Session } from './protocol/session.ts';
import { sessionName } from './protocol/session-name.ts';
import { endStalled } from './protocol/stalled.ts';
import { claimPositions, otherClusters } from './write/offsets.ts';
import { ensureOffsets } from './write/offsets-table.ts';
import { Writer } from './write/writer.ts';

/** How long a write may go on after the task was told to stop: then the connection is cut, and nothing is committed. */
const GRACE_MS = 5_000;

/** One connection to the destination, and the batches written over it. */
export class JdbcSinkTask<C> implements SinkTask<C> {
  readonly #settingsOf: (config: C) => Settings;
  readonly #closing = new AbortController();
  #session: Session | undefined;
  #writer: Writer | undefined;

  constructor(settingsOf: (config: C) => Settings) {
    this.#settingsOf = settingsOf;
  }

  async open(config: C, context: SinkTaskContext): Promise<readonly SinkPosition[]> {
    const { task, log, signal, assigned } = context;
    const settings = this.#settingsOf(config);
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const session = await Session.open(settings, sessionName(context, task), either);
    this.#session = session;
    if (this.#closing.signal.aborted) await session.close();
    this.#cutWhenStopped(signal, session);
    const warning = warningOf(session.client, settings);
    if (warning !== undefined) log.warn({}, warning);
    await endStalled(session, log);
    await ensureOffsets(session);
    const positions = await claimPositions(session, context, assigned);
    if (positions.length === 0) await this.#warnOfOtherClusters(session, context);
    this.#writer = new Writer(session, context, settings, log);
    return positions;
  }

  /** A Kafka cluster that was replaced by another has a new id: its positions are no longer this connector's. */
  async #warnOfOtherClusters(session: Session, context: SinkTaskContext): Promise<void> {
    const { cluster, log } = context;
    const others = await otherClusters(session, context);
    if (others.length > 0)
      log.warn(
        { cluster, others },
        'millrace_offsets has positions of a connector of this name in other clusters; this one begins at the offsets of its consumer group',
      );
  }

  async write(batch: SinkBatch): Promise<void> {
    if (this.#writer === undefined)
      throw new MillraceError('INTERNAL', 'The sink was written to before it was opened.');
    await this.#writer.write(batch);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#writer = undefined;
    await this.#session?.close();
  }

  /** A write that waits for a lock must not hold up the task's end for ever. */
  #cutWhenStopped(signal: AbortSignal, session: Session): void {
    let timer: NodeJS.Timeout | undefined;
    const stopping = addAbortListener(signal, () => {
      timer = setTimeout(() => session.client.connection.stream.destroy(new Error('the task is stopping')), GRACE_MS);
    });
    addAbortListener(this.#closing.signal, () => {
      clearTimeout(timer);
      stopping[Symbol.dispose]();
    });
  }
}
