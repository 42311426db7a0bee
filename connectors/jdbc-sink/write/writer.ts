import { setTimeout as sleep } from 'node:timers/promises';
import type { Log, SinkBatch, SinkRecord, SinkTaskContext, SinkWriter } from '../../../src/api/index.ts';
import {
  isConnectionLost,
  messageWithoutData,
  sqlErrorKind,
  sqlState,
} from '../../../src/databases/postgresql/sql-errors.ts';
import { DataError, DataErrors, FencedError, MillraceError, messageOf } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import { describeRecord, missingKeyError } from '../fields/describe-record.ts';
import { isFenced, moveOffsets, moveStatement } from '../offsets/offsets.ts';
import { toMillraceError } from '../protocol/failures.ts';
import type { Statement } from '../protocol/messages.ts';
import { type Step, StepError } from '../protocol/pipeline.ts';
import type { Session } from '../protocol/session.ts';
import { Catalogue } from '../table/catalogue.ts';
import { TableEvolution } from '../table/evolution.ts';
import { TableNames } from '../table/table-names.ts';
import { BatchReducer } from './batch-reducer.ts';
import { ChangeReader, NotARowError } from './change-reader.ts';
import type { Segment } from './row-set.ts';
import { statementsOf } from './statements.ts';
import { isDataFailure, isInternalError, isRecordError, isSessionLost } from './write-errors.ts';
import { MissingKeyError } from './write-plan.ts';
import { NO_TABLE, WritePlanCache } from './write-plan-cache.ts';

/** Delay before the retry after an internal error of the server. */
const INTERNAL_ERROR_DELAY_MS = 250;
/** Records to reduce before yielding to the event loop. */
const YIELD_RECORDS = 4096;

/** Writes batches over one session, each as one transaction with its positions. Not for concurrent use. */
export class Writer {
  readonly #session: Session;
  readonly #writer: SinkWriter;
  readonly #topicIds: ReadonlyMap<string, string>;
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #catalogue: Catalogue;
  readonly #plans: WritePlanCache;
  readonly #changeReader: ChangeReader;
  readonly #moveStatement: Statement;
  readonly #beginStep: Step;
  readonly #commitStep: Step;

  /** context: of a task that has claimed its partitions. */
  constructor(session: Session, context: SinkWriter & Pick<SinkTaskContext, 'assigned'>, settings: Settings, log: Log) {
    this.#session = session;
    this.#writer = context;
    this.#topicIds = new Map(context.assigned.map(({ topic, topicId }) => [topic, topicId]));
    this.#settings = settings;
    this.#log = log;
    this.#catalogue = new Catalogue(session, settings.quoteIdentifiers);
    const evolution = new TableEvolution(session, settings, this.#catalogue, log);
    this.#plans = new WritePlanCache(settings, session, evolution, new TableNames(settings));
    this.#changeReader = new ChangeReader(settings);
    this.#moveStatement = moveStatement(session);
    // The compare-and-set must see commits of other writers, independent of the database's default.
    this.#beginStep = this.#step('BEGIN ISOLATION LEVEL READ COMMITTED', 'beginning a transaction');
    this.#commitStep = this.#step('COMMIT', 'committing');
  }

  async write(batch: SinkBatch): Promise<void> {
    try {
      await this.#attempt(batch, 'first');
    } catch (error) {
      const kind = error instanceof StepError ? sqlErrorKind(error.cause) : undefined;
      if (kind !== 'structure' && kind !== 'internal') throw this.#toMillraceError(error);
      // The table may have changed since the statement was compiled: retry with its current definition.
      const reason = messageOf((error as StepError).cause);
      this.#log.warn({ reason }, 'the destination may have changed; reloading its tables');
      this.#catalogue.clear();
      this.#plans.clear();
      if (kind === 'internal') await sleep(INTERNAL_ERROR_DELAY_MS);
      try {
        await this.#attempt(batch, 'retry');
      } catch (retryError) {
        throw this.#toMillraceError(retryError);
      }
    }
  }

  /** Writes one transaction in one round trip; if its data is rejected, isolates the failing records. */
  async #attempt(batch: SinkBatch, attempt: 'first' | 'retry'): Promise<void> {
    const { records } = batch;
    await this.#session.deallocateWhenFull();
    this.#plans.prepareBatch();
    const segments = await this.#reduce(records, 0, records.length);
    try {
      await this.#session.run(this.#transactionSteps(batch, segments));
    } catch (error) {
      if (isSessionLost(error)) throw error;
      await this.#rollBack();
      if (!(attempt === 'retry' && isInternalError(error)) && !isRecordError(error)) throw error;
      const [only] = records;
      if (only !== undefined && records.length === 1) throw this.#rejection(only, 0, error);
      await this.#isolate(batch, false);
    }
  }

  *#transactionSteps(batch: SinkBatch, segments: readonly Segment[]): Generator<Step> {
    yield* this.#beginSteps(batch);
    yield* statementsOf(segments, this.#session, this.#settings.maxStatementRows);
    yield this.#commitStep;
  }

  *#beginSteps({ positions }: SinkBatch): Generator<Step> {
    yield this.#beginStep;
    if (positions.length > 0) yield moveOffsets(this.#moveStatement, this.#writer, this.#topicIds, positions);
  }

  #step(sql: string, operation: string): Step {
    return { statement: this.#session.statement(sql), operation };
  }

  async #rollBack(): Promise<void> {
    await this.#session.query('rolling back', 'ROLLBACK');
  }

  /**
   * Writes the batch again, recursively halved, each part after a savepoint, to find all records that the database rejects.
   * Then nothing is committed, and their errors are thrown together. If no record fails, the batch is committed: the reduction
   * had changed the order of two rows that a constraint binds.
   *
   * immediate: checks deferred constraints after each part, for a transaction that fails only at its commit.
   */
  async #isolate(batch: SinkBatch, immediate: boolean): Promise<void> {
    const { records } = batch;
    const rejections: DataError[] = [];
    const internalErrors: StepError[] = [];
    try {
      await this.#session.run(this.#beginSteps(batch));
      await this.#isolateRange({ records, immediate, rejections, internalErrors }, 0, records.length);
      // All records fail: the cause is not in the records.
      if (internalErrors.length === records.length) throw internalErrors[0] as StepError;
      if (rejections.length > 0) throw new DataErrors(rejections);
      await this.#session.run([this.#commitStep]);
    } catch (error) {
      if (isSessionLost(error)) throw error;
      await this.#rollBack();
      if (!isDataFailure(error) || immediate) throw error;
      await this.#isolate(batch, true);
    }
  }

  async #isolateRange(isolation: Isolation, from: number, to: number): Promise<void> {
    const { records, immediate, rejections, internalErrors } = isolation;
    const segments = await this.#reduce(records, from, to);
    try {
      await this.#session.run(this.#savepointSteps(segments, immediate));
    } catch (error) {
      if (!isRecordError(error) && !isInternalError(error)) throw error;
      await this.#session.run([
        this.#step('ROLLBACK TO part', 'rolling back'),
        this.#step('RELEASE part', 'rolling back'),
      ]);
      if (to - from <= 1) {
        if (isInternalError(error)) internalErrors.push(error);
        rejections.push(this.#rejection(records[from] as SinkRecord, from, error));
        return;
      }
      const middle = (from + to) >> 1;
      await this.#isolateRange(isolation, from, middle);
      await this.#isolateRange(isolation, middle, to);
    }
  }

  *#savepointSteps(segments: readonly Segment[], immediate: boolean): Generator<Step> {
    yield this.#step('SAVEPOINT part', 'setting a savepoint');
    if (immediate) yield this.#step('SET CONSTRAINTS ALL IMMEDIATE', 'checking constraints');
    yield* statementsOf(segments, this.#session, this.#settings.maxStatementRows);
    yield this.#step('RELEASE part', 'releasing a savepoint');
  }

  /** Reduces the changes of records [from, to). Rejects with DataErrors or SINK_SCHEMA. */
  async #reduce(records: readonly SinkRecord[], from: number, to: number): Promise<readonly Segment[]> {
    const { insertMode, pkMode, deleteEnabled: deletes } = this.#settings;
    const unique = insertMode !== 'insert' && pkMode !== 'kafka';
    const reducer = new BatchReducer(unique, deletes, insertMode === 'upsert' && unique);
    const change = this.#changeReader;
    const rejections: DataError[] = [];
    for (let i = from; i < to; i++) {
      const record = records[i] as SinkRecord;
      try {
        change.read(record);
        if (change.operation === 'none') continue;
        this.#requireKey(record);
        const plan = this.#plans.find(record, change) ?? (await this.#plans.compile(record, change));
        if (plan === NO_TABLE) continue;
        if (change.row !== null) reducer.write(plan, record, change.row, i);
        else if (change.operation === 'truncate') reducer.truncate(plan);
        else reducer.delete(plan, record, i);
      } catch (error) {
        const dataError = this.#withRecord(error, record, i);
        if (!(dataError instanceof DataError)) throw dataError;
        rejections.push(dataError);
      }
      if ((i - from) % YIELD_RECORDS === YIELD_RECORDS - 1) await new Promise(setImmediate);
    }
    if (rejections.length > 0) throw new DataErrors(rejections);
    return reducer.finish();
  }

  #requireKey(record: SinkRecord): void {
    if (this.#settings.pkMode !== 'record_key' || this.#changeReader.operation === 'truncate') return;
    if (record.key === null || record.key === undefined) throw missingKeyError(record, this.#settings.names.pkMode);
  }

  #withRecord(error: unknown, record: SinkRecord, index: number): unknown {
    if (error instanceof DataError) return new DataError(error.message, { cause: error.cause, index });
    if (error instanceof MissingKeyError) {
      return new DataError(`The primary key column ${error.message} has no value in ${describeRecord(record)}.`, {
        index,
      });
    }
    if (!(error instanceof NotARowError)) return error;
    return new DataError(
      `The JDBC sink connector writes rows, but found ${error.message}, at ${describeRecord(record)}.`,
      {
        index,
      },
    );
  }

  #rejection(record: SinkRecord, index: number, error: StepError | DataError): DataError {
    if (error instanceof DataError) return error;
    const { cause, operation } = error;
    return new DataError(
      `PostgreSQL refused ${operation}: ${messageWithoutData(cause)}, at ${describeRecord(record)}.`,
      {
        index,
      },
    );
  }

  /** Maps a StepError to the engine's errors; other errors are returned unchanged. */
  #toMillraceError(error: unknown): unknown {
    if (!(error instanceof StepError)) return error;
    const { cause, operation, allSent: sent } = error;
    if (isConnectionLost(cause) && sent) {
      return new MillraceError(
        'COMMIT_UNKNOWN',
        `The connection was lost ${operation} (${messageOf(cause)}): the table millrace_offsets shows if the batch was committed.`,
        { cause },
      );
    }
    if (isFenced(error)) {
      return new FencedError(
        `Another task of the connector ${this.#writer.connector} has claimed or moved the positions in millrace_offsets: nothing of this batch was written.`,
      );
    }
    if (isInternalError(error)) {
      return new MillraceError(
        'SINK_SCHEMA',
        `PostgreSQL failed ${operation} with an internal error, also for each record of the batch alone: ${messageOf(cause)} ` +
          `(SQLSTATE ${sqlState(cause)}). See the server's log for the reason, then restart the task.`,
        { cause },
      );
    }
    if (sqlState(cause) === '42P10') {
      return new MillraceError(
        'SINK_SCHEMA',
        `PostgreSQL failed ${operation}: the table has no primary key or unique index on exactly the columns of ` +
          `${this.#settings.names.pkMode} and ${this.#settings.names.pkFields}. Create one, or change these keys.`,
        { cause },
      );
    }
    return toMillraceError(cause, operation);
  }
}

/** State of the search for the records that the database rejects. */
interface Isolation {
  readonly records: readonly SinkRecord[];
  readonly immediate: boolean;
  readonly rejections: DataError[];
  /** Internal errors of the server for single records. */
  readonly internalErrors: StepError[];
}
