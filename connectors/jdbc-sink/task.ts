import { addAbortListener } from 'node:events';
import type { SinkBatch, SinkPosition, SinkTask, SinkTaskContext } from '../../src/api/index.ts';
import { MillraceError } from '../../src/errors.ts';
import type { Settings } from './config/settings.ts';
import { claimPositions, otherClusters } from './offsets/offsets.ts';
import { ensureOffsetsTable } from './offsets/offsets-table.ts';
import { unverifiedWarning } from './protocol/connect.ts';
import { Session } from './protocol/session.ts';
import { sessionName } from './protocol/session-name.ts';
import { terminateStalledTransactions } from './protocol/stalled-transactions.ts';
import { withRetries } from './retries.ts';
import { Writer } from './write/writer.ts';

/** Milliseconds that a write may continue after the stop signal; then the connection is closed and nothing is committed. */
const GRACE_MS = 5_000;

interface OpenTask {
  readonly settings: Settings;
  readonly context: SinkTaskContext;
  /** Aborted by the engine and on close. */
  readonly signal: AbortSignal;
}

/** Sink task with one connection to the destination. */
export class JdbcSinkTask<C> implements SinkTask<C> {
  readonly #settingsOf: (config: C) => Settings;
  readonly #closing = new AbortController();
  #session: Session | undefined;
  #writer: Writer | undefined;
  #openTask: OpenTask | undefined;

  constructor(settingsOf: (config: C) => Settings) {
    this.#settingsOf = settingsOf;
  }

  async open(config: C, context: SinkTaskContext): Promise<readonly SinkPosition[]> {
    const settings = this.#settingsOf(config);
    const opened = { settings, context, signal: AbortSignal.any([context.signal, this.#closing.signal]) };
    this.#openTask = opened;
    this.#disconnectWhenStopped(context.signal);
    const session = await this.#connect(opened);
    const warning = unverifiedWarning(session.client, settings);
    if (warning !== undefined) context.log.warn({}, warning);
    const positions = await this.#claim(session, opened);
    if (positions.length === 0) await this.#warnOfOtherClusters(session, context);
    return positions;
  }

  async #connect({ settings, context, signal }: OpenTask): Promise<Session> {
    const name = sessionName(context, context.task);
    const session = await withRetries(settings.connectRetries, { log: context.log, signal }, () =>
      Session.open(settings, name, signal),
    );
    this.#session = session;
    if (this.#closing.signal.aborted) await session.close();
    return session;
  }

  async #claim(session: Session, { settings, context }: OpenTask): Promise<readonly SinkPosition[]> {
    const { log, assigned } = context;
    await terminateStalledTransactions(session, log);
    await ensureOffsetsTable(session);
    const positions = await claimPositions(session, context, assigned);
    this.#writer = new Writer(session, context, settings, log);
    return positions;
  }

  /** Warns about positions of other clusters: a replaced Kafka cluster has a new id, and its positions do not apply. */
  async #warnOfOtherClusters(session: Session, context: SinkTaskContext): Promise<void> {
    const { cluster, log } = context;
    const others = await otherClusters(session, context);
    if (others.length > 0)
      log.warn(
        { cluster, others },
        'millrace_offsets has positions of a connector of this name in other clusters; this one starts at the offsets of its consumer group',
      );
  }

  /**
   * With max.retries, a failed write is retried over a new connection. If it was committed nevertheless, the retry is
   * fenced, as its positions have moved.
   */
  async write(batch: SinkBatch): Promise<void> {
    const opened = this.#openTask;
    if (opened === undefined) throw new MillraceError('INTERNAL', 'The sink was written to before it was opened.');
    const { settings, context, signal } = opened;
    await withRetries(settings.writeRetries, { log: context.log, signal }, async failures => {
      if (failures > 0) {
        await this.#session?.close();
        await this.#claim(await this.#connect(opened), opened);
      }
      if (this.#writer === undefined)
        throw new MillraceError('INTERNAL', 'The sink was written to after it was closed.');
      await this.#writer.write(batch);
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#writer = undefined;
    await this.#session?.close();
  }

  /** Closes the connection some time after the stop signal: a write that waits for a lock must not block the stop. */
  #disconnectWhenStopped(signal: AbortSignal): void {
    let timer: NodeJS.Timeout | undefined;
    const stopping = addAbortListener(signal, () => {
      const disconnect = () => this.#session?.client.connection.stream.destroy(new Error('the task is stopping'));
      timer = setTimeout(disconnect, GRACE_MS);
    });
    addAbortListener(this.#closing.signal, () => {
      clearTimeout(timer);
      stopping[Symbol.dispose]();
    });
  }
}
