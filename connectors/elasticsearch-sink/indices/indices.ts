import type { Log, SinkRecord, StructSchema } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import type { Client } from '../http/client.ts';
import { answerError, describeAnswer } from '../http/error-body.ts';
import { mappingOf } from './mapping.ts';
import { indexName } from './names.ts';

/** Indices of topics. Creates missing indices and mappings before the first document. */
export class Indices {
  readonly #client: Client;
  readonly #settings: Settings;
  readonly #log: Log;
  /** Topics whose index and mapping exist. */
  readonly #ready = new Set<string>();
  readonly #existing = new Set<string>();

  constructor(client: Client, settings: Settings, log: Log) {
    this.#client = client;
    this.#settings = settings;
    this.#log = log;
  }

  /** Index or alias of a topic. Throws TASK_CONFIG if none is configured. */
  indexOf(topic: string): string {
    const { resources } = this.#settings;
    if (resources === undefined) return indexName(topic);
    const resource = resources.get(topic);
    if (resource === undefined)
      throw new MillraceError(
        'TASK_CONFIG',
        `Topic ${topic} is missing in topic.to.external.resource.mapping; add ${topic}:<resource>.`,
      );
    return resource;
  }

  /** Creates missing indices and mappings for the records. Sends no request for topics that are ready. */
  async ensure(records: readonly SinkRecord[]): Promise<void> {
    let last: string | undefined;
    for (const { topic } of records) {
      if (topic === last) continue;
      last = topic;
      if (!this.#ready.has(topic)) await this.#ensureTopic(topic, records);
    }
  }

  async #ensureTopic(topic: string, records: readonly SinkRecord[]): Promise<void> {
    const { nulls, resources } = this.#settings;
    const relevant = records.filter(record => record.topic === topic && (record.value !== null || nulls === 'delete'));
    if (relevant.length === 0) return;
    const index = this.indexOf(topic);
    if (resources === undefined && !this.#existing.has(index)) {
      await this.#ensureIndex(index);
      this.#existing.add(index);
    }
    if (!this.#settings.isSchemaIgnored(topic)) {
      const value = relevant.find(record => record.value !== null);
      // Deletes have no schema: the mapping is created with the first document.
      if (value === undefined) return;
      if (value.valueSchema?.type === 'struct') await this.#ensureMapping(index, value.valueSchema);
    }
    this.#ready.add(topic);
  }

  async #ensureIndex(index: string): Promise<void> {
    const path = `/${encodeURIComponent(index)}`;
    const existing = await this.#client.call({ method: 'HEAD', path });
    if (existing.status === 200) return;
    if (existing.status === 403) {
      this.#log.warn({ index }, 'no permission to check if the index exists; assuming that it does');
      return;
    }
    const created = await this.#client.call({ method: 'PUT', path });
    if (created.status === 200) {
      this.#log.info({ index }, 'index created');
      return;
    }
    // Another task created it concurrently.
    if (answerError(created)?.type === 'resource_already_exists_exception') return;
    throw new MillraceError(
      'SINK_SETUP',
      `${describeAnswer(`Index ${index} cannot be created`, created)}. Create it manually, or resolve the error and restart the task.`,
    );
  }

  /** Creates the mapping of the schema if the index has none. */
  async #ensureMapping(index: string, schema: StructSchema): Promise<void> {
    const path = `/${encodeURIComponent(index)}/_mapping`;
    if (await this.#hasMapping(index, path)) return;
    const mapping = mappingOf(schema, this.#settings.compactMaps);
    const put = await this.#client.call({ method: 'PUT', path, body: Buffer.from(JSON.stringify(mapping)) });
    if (put.status === 200 || (await this.#hasMapping(index, path))) return;
    throw new MillraceError(
      'SINK_SCHEMA',
      `${describeAnswer(`The mapping of index ${index} cannot be set from the record's schema`, put)}. ` +
        'Create the mapping manually, or set schema.ignore=true.',
    );
  }

  async #hasMapping(index: string, path: string): Promise<boolean> {
    const answer = await this.#client.call({ method: 'GET', path });
    if (answer.status === 403) {
      this.#log.warn({ index }, 'no permission to read the mapping; not changing it');
      return true;
    }
    if (answer.status !== 200)
      throw new MillraceError('SINK_SETUP', `${describeAnswer(`The mapping of ${index} cannot be read`, answer)}.`);
    const mappings = JSON.parse(answer.body.toString()) as Record<string, { mappings?: object }>;
    return Object.values(mappings).some(each => Object.keys(each.mappings ?? {}).length > 0);
  }
}
