import { addAbortListener } from 'node:events';
import type { Log, SinkBatch, SinkPosition, SinkRecord, SinkTask, SinkTaskContext } from '../../src/api/index.ts';
import { DataError, DataErrors, MillraceError } from '../../src/errors.ts';
import { ForeignVersions } from './bulk/foreign-versions.ts';
import { RequestComposer } from './bulk/request-composer.ts';
import { type BatchOutcome, RequestSender } from './bulk/request-sender.ts';
import type { ElasticsearchConfig } from './config/keys.ts';
import { type Settings, settingsOf } from './config/settings.ts';
import { Client } from './http/client.ts';
import type { ElasticError } from './http/error-body.ts';
import { Indices } from './indices/indices.ts';
import { checkServer } from './indices/server.ts';

/** Milliseconds that a write may continue after the stop signal; then its requests are aborted. */
const GRACE_MS = 5_000;

interface OpenTask {
  readonly settings: Settings;
  readonly log: Log;
  readonly indices: Indices;
  readonly composer: RequestComposer;
  readonly sender: RequestSender;
  /** undefined if versions are not offsets. */
  readonly foreign: ForeignVersions | undefined;
  report(figures: Readonly<Record<string, number>>): void;
}

/**
 * Writes documents to Elasticsearch or OpenSearch. Stores no positions: a record that is written again has the same id and
 * version and changes nothing.
 */
export class ElasticsearchSinkTask implements SinkTask<ElasticsearchConfig> {
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #openTask: OpenTask | undefined;
  /** Records written of a batch with rejected records: the engine writes the batch again without those. */
  readonly #written = new Set<SinkRecord>();
  readonly #rejections = new Map<SinkRecord, string>();
  readonly #figures = { malformed: 0, stale: 0, foreign_versions: 0, retries: 0 };

  async open(config: ElasticsearchConfig, context: SinkTaskContext): Promise<readonly SinkPosition[]> {
    const { log, signal } = context;
    const settings = settingsOf(config);
    for (const warning of settings.warnings) log.warn({}, warning);
    const client = new Client(settings.connection, AbortSignal.any([signal, this.#closing.signal]), () => {
      this.#figures.retries++;
    });
    this.#client = client;
    if (this.#closing.signal.aborted) client.close();
    this.#abortWhenStopped(signal, client);
    await checkServer(client, log);
    const indices = new Indices(client, settings, log);
    this.#openTask = {
      settings,
      log,
      indices,
      composer: new RequestComposer(settings, topic => indices.indexOf(topic)),
      sender: new RequestSender(client, !settings.upsert),
      foreign: settings.versionHeader === undefined ? new ForeignVersions(log) : undefined,
      report: figures => context.report(figures),
    };
    return [];
  }

  async write(batch: SinkBatch): Promise<void> {
    const { records } = batch;
    const open = this.#openTask;
    if (open === undefined) throw new MillraceError('INTERNAL', 'The sink was written to before it was opened.');
    this.#throwRejections(records);
    await open.indices.ensure(records);
    const { lanes, rejected } = open.composer.compose(records, this.#written);
    const outcome: BatchOutcome = { malformed: new Map(), conflicts: new Map() };
    let failure: unknown;
    await Promise.all(
      lanes.map(async lane => {
        try {
          for (const request of lane) if (failure === undefined) await open.sender.send(request, outcome);
        } catch (error) {
          // The other lanes finish first: no request is open when the write fails.
          failure ??= error;
        }
      }),
    );
    if (failure !== undefined) throw failure;
    for (const [index, error] of rejected) this.#rejectInvalid(open, records[index] as SinkRecord, error.message);
    for (const [index, error] of outcome.malformed) this.#handleMalformed(open, records[index] as SinkRecord, error);
    open.foreign?.add(batch, outcome.conflicts);
    this.#report(open, outcome);
    if (this.#rejections.size > 0) {
      for (const record of records) if (!this.#rejections.has(record)) this.#written.add(record);
      this.#throwRejections(records);
    }
    this.#written.clear();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#openTask = undefined;
    this.#client?.close();
  }

  /** Throws one error with all rejected records. */
  #throwRejections(records: readonly SinkRecord[]): void {
    if (this.#rejections.size === 0) return;
    const errors = records.flatMap((record, index) => {
      const message = this.#rejections.get(record);
      return message === undefined ? [] : [new DataError(`${message} ${describeRecord(record)}`, { index })];
    });
    this.#rejections.clear();
    if (errors.length > 0) throw new DataErrors(errors);
  }

  /** Handles a record without a valid document or id. */
  #rejectInvalid({ settings, log }: OpenTask, record: SinkRecord, message: string): void {
    if (settings.dropInvalid) log.warn({ record: describeRecord(record), reason: message }, 'invalid record skipped');
    else this.#rejections.set(record, message);
  }

  #handleMalformed({ settings, log }: OpenTask, record: SinkRecord, { type, reason }: ElasticError): void {
    this.#figures.malformed++;
    const cause = `${type}${reason === '' ? '' : `: ${reason}`}`;
    if (settings.malformed === 'fail') this.#rejections.set(record, `Elasticsearch rejected the document (${cause}).`);
    else
      log[settings.malformed === 'warn' ? 'warn' : 'debug'](
        { record: describeRecord(record), reason: cause },
        'malformed document skipped',
      );
  }

  #report({ report, foreign }: OpenTask, { conflicts }: BatchOutcome): void {
    this.#figures.stale += conflicts.size;
    this.#figures.foreign_versions = foreign?.count ?? 0;
    report({ ...this.#figures });
  }

  /** Aborts requests some time after the stop signal: a write that waits for a response must not block the stop. */
  #abortWhenStopped(signal: AbortSignal, client: Client): void {
    let timer: NodeJS.Timeout | undefined;
    const stopping = addAbortListener(signal, () => {
      timer = setTimeout(() => client.close(), GRACE_MS);
    });
    addAbortListener(this.#closing.signal, () => {
      clearTimeout(timer);
      stopping[Symbol.dispose]();
    });
  }
}

const describeRecord = ({ originalTopic, originalPartition, offset }: SinkRecord): string =>
  `[topic=${originalTopic} partition=${originalPartition} offset=${offset}]`;
