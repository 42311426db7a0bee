import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, SinkBatch, SinkRecord, SinkTaskContext, SinkWriter } from '../../../src/api/index.ts';
import { SilentServerError } from '../../../src/databases/answer-watch.ts';
import {
  isConnectionLost,
  messageWithoutData,
  sqlErrorKind,
  sqlState,
} from '../../../src/databases/postgresql/sql-errors.ts';
import { DataError, DataErrors, FencedError, MillraceError, messageOf } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import { toMillraceError } from '../protocol/failures.ts';
import type { Statement } from '../protocol/messages.ts';
import { type Step, StepFailed } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import { Catalogue } from '../table/catalogue.ts';
import { TableDefinition } from '../table/evolution.ts';
import { TableNames } from '../table/table-names.ts';
import { Fold, type Segment } from './batch-reducer.ts';
import { Change, NotARow } from './change-reader.ts';
import { isFence, moveOffsets, moveStatement } from './offsets.ts';
import { statementsOf } from './statements.ts';
import { MissingKey } from './write-plan.ts';
import { Layouts, NOWHERE, noKey, placeOf } from './write-plan-cache.ts';

/** Pause before a failure that may be the server's own is looked at again. */
const DOUBT_MS = 250;
/** Records folded between two breaths of the event loop. */
const BREATH = 4096;

/** Writes batches over one session, each as one transaction with its positions. Not for concurrent use. */
export class Writer {
  readonly #session: Session;
  readonly #identity: SinkWriter;
  readonly #topicIds: ReadonlyMap<string, string>;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #catalogue: Catalogue;
  readonly #layouts: Layouts;
  readonly #change: Change;
  readonly #move: Statement;
  readonly #begun: Step;
  readonly #committed: Step;

  /** context: of the task that has claimed its partitions. */
  constructor(session: Session, context: SinkWriter & Pick<SinkTaskContext, 'assigned'>, settings: Settings, log: Log) {
    this.#session = session;
    this.#identity = context;
    this.#topicIds = new Map(context.assigned.map(({ topic, topicId }) => [topic, topicId]));
    this.#settings = settings;
    this.#log = log;
    this.#catalogue = new Catalogue(session, settings.quoted);
    const definition = new TableDefinition(session, settings, this.#catalogue, log);
    this.#layouts = new Layouts(settings, session, definition, new TableNames(settings));
    this.#change = new Change(settings);
    this.#move = moveStatement(session);
    // The compare-and-set has to see what others have committed, whatever the database's default is.
    this.#begun = this.#plain('BEGIN ISOLATION LEVEL READ COMMITTED', 'beginning a transaction');
    this.#committed = this.#plain('COMMIT', 'committing');
  }

  async write(batch: SinkBatch): Promise<void> {
    try {
      await this.#attempt(batch, 'first');
    } catch (error) {
      const meaning = error instanceof StepFailed ? sqlErrorKind(error.cause) : undefined;
      if (meaning !== 'structure' && meaning !== 'internal') throw this.#told(error);
      // The table is no longer what it was when the statement was made: once more with what it is now.
      const reason = messageOf((error as StepFailed).cause);
      this.#log.warn({ reason }, 'the destination may have changed; reading its catalogue again');
      this.#catalogue.forget();
      this.#layouts.forget();
      if (meaning === 'internal') await sleep(DOUBT_MS);
      try {
        await this.#attempt(batch, 'again');
      } catch (again) {
        throw this.#told(again);
      }
    }
  }

  /** One transaction in one round trip; record by record only where the whole fails for its data. */
  async #attempt(batch: SinkBatch, turn: 'first' | 'again'): Promise<void> {
    const { records } = batch;
    await this.#session.tidy();
    this.#layouts.tidy();
    const segments = await this.#segments(records, 0, records.length);
    try {
      await this.#session.run(this.#transaction(batch, segments));
    } catch (error) {
      if (isLost(error)) throw error;
      await this.#rollBack();
      if (!(turn === 'again' && isDoubtful(error)) && !isOfRecord(error)) throw error;
      const [only] = records;
      if (only !== undefined && records.length === 1) throw this.#refused(only, 0, error);
      await this.#isolate(batch, false);
    }
  }

  *#transaction(batch: SinkBatch, segments: readonly Segment[]): Generator<Step> {
    yield* this.#begin(batch);
    yield* statementsOf(segments, this.#session, this.#settings.statementRows);
    yield this.#committed;
  }

  *#begin({ positions }: SinkBatch): Generator<Step> {
    yield this.#begun;
    if (positions.length > 0) yield moveOffsets(this.#move, this.#identity, this.#topicIds, positions);
  }

  #plain(sql: string, doing: string): Step {
    return { statement: this.#session.statement(sql), doing };
  }

  async #rollBack(): Promise<void> {
    await this.#session.query('rolling back', 'ROLLBACK');
  }

  /**
   * The batch once more, in its order and in halves of halves, each behind a savepoint, until all records are found that do
   * not go in. Then nothing is committed, and they are thrown together. Where all do after all (the reduction to the last change of each key had changed the order of two
   * rows that one constraint binds), that is the batch written.
   *
   * immediate: with deferred constraints checked after each part, for a transaction that fails only at its end.
   */
  async #isolate(batch: SinkBatch, immediate: boolean): Promise<void> {
    const { records } = batch;
    const refused: DataError[] = [];
    const doubted: StepFailed[] = [];
    try {
      await this.#session.run(this.#begin(batch));
      await this.#part({ records, immediate, refused, doubted }, 0, records.length);
      // Not one goes in: that is not the records' fault.
      if (doubted.length === records.length) throw doubted[0] as StepFailed;
      if (refused.length > 0) throw new DataErrors(refused);
      await this.#session.run([this.#committed]);
    } catch (error) {
      if (isLost(error)) throw error;
      await this.#rollBack();
      if (!isOfData(error) || immediate) throw error;
      await this.#isolate(batch, true);
    }
  }

  async #part(isolation: Isolation, from: number, to: number): Promise<void> {
    const { records, immediate, refused, doubted } = isolation;
    const segments = await this.#segments(records, from, to);
    try {
      await this.#session.run(this.#saved(segments, immediate));
    } catch (error) {
      if (!isOfRecord(error) && !isDoubtful(error)) throw error;
      await this.#session.run([
        this.#plain('ROLLBACK TO part', 'rolling back'),
        this.#plain('RELEASE part', 'rolling back'),
      ]);
      if (to - from <= 1) {
        if (isDoubtful(error)) doubted.push(error);
        refused.push(this.#refused(records[from] as SinkRecord, from, error));
        return;
      }
      const middle = (from + to) >> 1;
      await this.#part(isolation, from, middle);
      await this.#part(isolation, middle, to);
    }
  }

  *#saved(segments: readonly Segment[], immediate: boolean): Generator<Step> {
    yield this.#plain('SAVEPOINT part', 'setting a savepoint');
    if (immediate) yield this.#plain('SET CONSTRAINTS ALL IMMEDIATE', 'checking constraints');
    yield* statementsOf(segments, this.#session, this.#settings.statementRows);
    yield this.#plain('RELEASE part', 'releasing a savepoint');
  }

  /** The changes of records [from, to), with the layouts that they need. Rejects with DataErrors, SINK_SCHEMA. */
  async #segments(records: readonly SinkRecord[], from: number, to: number): Promise<readonly Segment[]> {
    const { insertMode, pkMode, deletes } = this.#settings;
    const unique = insertMode !== 'insert' && pkMode !== 'kafka';
    const fold = new Fold(unique, deletes, insertMode === 'upsert' && unique);
    const change = this.#change;
    const refused: DataError[] = [];
    for (let i = from; i < to; i++) {
      const record = records[i] as SinkRecord;
      try {
        change.read(record);
        if (change.operation === 'none') continue;
        this.#requireKey(record);
        const layout = this.#layouts.find(record, change) ?? (await this.#layouts.make(record, change));
        if (layout === NOWHERE) continue;
        if (change.row !== null) fold.write(layout, record, change.row, i);
        else if (change.operation === 'truncate') fold.truncate(layout);
        else fold.delete(layout, record, i);
      } catch (error) {
        const located = this.#located(error, record, i);
        if (!(located instanceof DataError)) throw located;
        refused.push(located);
      }
      if ((i - from) % BREATH === BREATH - 1) await new Promise(setImmediate);
    }
    if (refused.length > 0) throw new DataErrors(refused);
    return fold.finish();
  }

  #requireKey(record: SinkRecord): void {
    if (this.#settings.pkMode !== 'record_key' || this.#change.operation === 'truncate') return;
    if (record.key === null || record.key === undefined) throw noKey(record, this.#settings.names.pkMode);
  }

  #located(error: unknown, record: SinkRecord, index: number): unknown {
    if (error instanceof DataError) return new DataError(error.message, { cause: error.cause, index });
    if (error instanceof MissingKey) {
      return new DataError(`The primary key column ${error.message} has no value in ${placeOf(record)}.`, { index });
    }
    if (!(error instanceof NotARow)) return error;
    return new DataError(`The JDBC sink connector writes rows, but found ${error.message}, at ${placeOf(record)}.`, {
      index,
    });
  }

  #refused(record: SinkRecord, index: number, error: StepFailed | DataError): DataError {
    if (error instanceof DataError) return error;
    const { cause, doing } = error;
    return new DataError(`PostgreSQL refused ${doing}: ${messageWithoutData(cause)}, at ${placeOf(record)}.`, {
      index,
    });
  }

  /** As the error that the engine acts on; one that is none of ours is a bug, and stays what it is. */
  #told(error: unknown): unknown {
    if (!(error instanceof StepFailed)) return error;
    const { cause, doing, sent } = error;
    if (isConnectionLost(cause) && sent) {
      return new MillraceError(
        'COMMIT_UNKNOWN',
        `The connection was lost ${doing} (${messageOf(cause)}): whether the batch was committed shows in millrace_offsets.`,
        { cause },
      );
    }
    if (isFence(error)) {
      return new FencedError(
        `Another task of the connector ${this.#identity.connector} has claimed or moved the positions in millrace_offsets: nothing of this batch was written.`,
      );
    }
    if (isDoubtful(error)) {
      return new MillraceError(
        'SINK_SCHEMA',
        `PostgreSQL failed ${doing} with an internal error, for each record of the batch by itself as well: ${messageOf(cause)} ` +
          `(SQLSTATE ${sqlState(cause)}). Restart the task when the server's log has told why.`,
        { cause },
      );
    }
    if (sqlState(cause) === '42P10') {
      return new MillraceError(
        'SINK_SCHEMA',
        `PostgreSQL failed ${doing}: the table has no primary key or unique index of just the columns that ` +
          `${this.#settings.names.pkMode} and ${this.#settings.names.pkFields} give. Create one, or set them to those that it has.`,
        { cause },
      );
    }
    return toMillraceError(cause, doing);
  }
}

function isLost(error: unknown): boolean {
  return error instanceof SilentServerError || (error instanceof StepFailed && isConnectionLost(error.cause));
}

/** Records that go in by themselves or not, and those that do not. */
interface Isolation {
  readonly records: readonly SinkRecord[];
  readonly immediate: boolean;
  readonly refused: DataError[];
  /** Failures of single records that may be the server's own. */
  readonly doubted: StepFailed[];
}

/** The database did not take a record, or it cannot be sent. */
const isOfRecord = (error: unknown): error is StepFailed | DataError =>
  isOfData(error) || (error instanceof DataError && !(error instanceof DataErrors));

const isDoubtful = (error: unknown): error is StepFailed =>
  error instanceof StepFailed && !isFence(error) && sqlErrorKind(error.cause) === 'internal';

/** The database did not take a record; the fence is no record. */
function isOfData(error: unknown): error is StepFailed {
  if (!(error instanceof StepFailed) || isFence(error)) return false;
  const meaning = sqlErrorKind(error.cause);
  return meaning === 'data' || meaning === 'duplicate';
}
