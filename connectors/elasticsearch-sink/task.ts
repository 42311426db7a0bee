import { addAbortListener } from 'node:events';
import type { Log, SinkBatch, SinkPosition, SinkRecord, SinkTask, SinkTaskContext } from '../../src/api/index.ts';
import { DataError, DataErrors, MillraceError } from '../../src/errors.ts';
import { Composer } from './bulk/request-composer.ts';
import { ForeignVersions } from './bulk/foreign-versions.ts';
import { type Outcome, Sender } from './bulk/request-sender.ts';
import type { ElasticsearchConfig } from './config/keys.ts';
import { type Settings, settingsOf } from './config/settings.ts';
import { Client } from './http/client.ts';
import type { ElasticError } from './http/error-body.ts';
import { Indices } from './indices/indices.ts';
import { checkServer } from './indices/server.ts';

/** How long a write may go on after the task was told to stop: then its requests are cut. */
const GRACE_MS = 5_000;

interface Opened {
  readonly settings: Settings;
  readonly log: Log;
  readonly indices: Indices;
  readonly composer: Composer;
  readonly sender: Sender;
  /** undefined: versions are not offsets. */
  readonly foreign: ForeignVersions | undefined;
  report(figures: Readonly<Record<string, number>>): void;
}

/**
 * Documents into Elasticsearch or OpenSearch. Holds no positions: a record that comes again has the id and the version
 * that it had, so that it changes nothing.
 */
export class ElasticsearchSinkTask implements SinkTask<ElasticsearchConfig> {
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #opened: Opened | undefined;
  /** Of a batch that was refused for one record: the engine hands over the same records again without that one. */
  readonly #written = new Set<SinkRecord>();
  readonly #refused = new Map<SinkRecord, string>();
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
    this.#cutWhenStopped(signal, client);
    await checkServer(client, log);
    const indices = new Indices(client, settings, log);
    this.#opened = {
      settings,
      log,
      indices,
      composer: new Composer(settings, topic => indices.nameOf(topic)),
      sender: new Sender(client, !settings.upsert),
      foreign: settings.versionHeader === undefined ? new ForeignVersions(log) : undefined,
      report: figures => context.report(figures),
    };
    return [];
  }

  async write(batch: SinkBatch): Promise<void> {
    const { records } = batch;
    const opened = this.#opened;
    if (opened === undefined) throw new MillraceError('INTERNAL', 'The sink was written to before it was opened.');
    this.#throwKnown(records);
    await opened.indices.ensure(records);
    const { lanes, refused } = opened.composer.compose(records, this.#written);
    const outcome: Outcome = { malformed: new Map(), conflicts: new Map() };
    let failure: unknown;
    await Promise.all(
      lanes.map(async lane => {
        try {
          for (const bulk of lane) if (failure === undefined) await opened.sender.send(bulk, outcome);
        } catch (error) {
          // The other lanes come to an end first: nothing is under way when this task is given up.
          failure ??= error;
        }
      }),
    );
    if (failure !== undefined) throw failure;
    for (const [index, error] of refused) this.#refuse(opened, records[index] as SinkRecord, error.message);
    for (const [index, error] of outcome.malformed) this.#malformed(opened, records[index] as SinkRecord, error);
    opened.foreign?.add(batch, outcome.conflicts);
    this.#report(opened, outcome);
    if (this.#refused.size > 0) {
      for (const record of records) if (!this.#refused.has(record)) this.#written.add(record);
      this.#throwKnown(records);
    }
    this.#written.clear();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#opened = undefined;
    this.#client?.close();
  }

  /** All that are known to be refused, in one error. */
  #throwKnown(records: readonly SinkRecord[]): void {
    if (this.#refused.size === 0) return;
    const errors = records.flatMap((record, index) => {
      const message = this.#refused.get(record);
      return message === undefined ? [] : [new DataError(`${message} ${placeOf(record)}`, { index })];
    });
    this.#refused.clear();
    if (errors.length > 0) throw new DataErrors(errors);
  }

  /** A record that no document could be made of. */
  #refuse({ settings, log }: Opened, record: SinkRecord, message: string): void {
    if (settings.dropInvalid) log.warn({ record: placeOf(record), reason: message }, 'record left out');
    else this.#refused.set(record, message);
  }

  #malformed({ settings, log }: Opened, record: SinkRecord, { type, reason }: ElasticError): void {
    this.#figures.malformed++;
    const why = `${type}${reason === '' ? '' : `: ${reason}`}`;
    if (settings.malformed === 'fail') this.#refused.set(record, `Elasticsearch does not take the document (${why}).`);
    else
      log[settings.malformed === 'warn' ? 'warn' : 'debug'](
        { record: placeOf(record), reason: why },
        'malformed document left out',
      );
  }

  #report({ report, foreign }: Opened, { conflicts }: Outcome): void {
    this.#figures.stale += conflicts.size;
    this.#figures.foreign_versions = foreign?.count ?? 0;
    report({ ...this.#figures });
  }

  /** A write that waits for an answer must not hold up the task's end for ever. */
  #cutWhenStopped(signal: AbortSignal, client: Client): void {
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

const placeOf = ({ originalTopic, originalPartition, offset }: SinkRecord): string =>
  `[topic=${originalTopic} partition=${originalPartition} offset=${offset}]`;
