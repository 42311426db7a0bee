import type { Log, SinkRecord, StructSchema } from '../../../src/api/index.ts';
import { MillraceError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import type { Client } from '../http/client.ts';
import { describe, errorOf } from '../http/error-body.ts';
import { mappingOf } from './mapping.ts';
import { indexOf } from './names.ts';

/** Where documents go, and that it is there with a mapping before the first of them. */
export class Indices {
  readonly #client: Client;
  readonly #settings: Settings;
  readonly #log: Log;
  /** Topics of which nothing is left to do. */
  readonly #ready = new Set<string>();
  readonly #there = new Set<string>();

  constructor(client: Client, settings: Settings, log: Log) {
    this.#client = client;
    this.#settings = settings;
    this.#log = log;
  }

  /** The index or alias of a topic. Throws TASK_CONFIG where none is configured. */
  nameOf(topic: string): string {
    const { resources } = this.#settings;
    if (resources === undefined) return indexOf(topic);
    const resource = resources.get(topic);
    if (resource === undefined)
      throw new MillraceError(
        'TASK_CONFIG',
        `Topic ${topic} is not among those of topic.to.external.resource.mapping; add ${topic}:<resource>.`,
      );
    return resource;
  }

  /** Makes what these records need and is not there. One loop, without a request, once it is. */
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
    const written = records.filter(record => record.topic === topic && (record.value !== null || nulls === 'delete'));
    if (written.length === 0) return;
    const index = this.nameOf(topic);
    if (resources === undefined && !this.#there.has(index)) {
      await this.#ensureIndex(index);
      this.#there.add(index);
    }
    if (!this.#settings.schemaIgnored(topic)) {
      const value = written.find(record => record.value !== null);
      // Only deletes so far: the first document says what it looks like.
      if (value === undefined) return;
      if (value.valueSchema?.type === 'struct') await this.#ensureMapping(index, value.valueSchema);
    }
    this.#ready.add(topic);
  }

  async #ensureIndex(index: string): Promise<void> {
    const path = `/${encodeURIComponent(index)}`;
    const asked = await this.#client.call({ method: 'HEAD', path });
    if (asked.status === 200) return;
    if (asked.status === 403) {
      this.#log.warn({ index }, 'no right to see whether the index is there; it is taken to be');
      return;
    }
    const made = await this.#client.call({ method: 'PUT', path });
    if (made.status === 200) {
      this.#log.info({ index }, 'index created');
      return;
    }
    // Another task was first.
    if (errorOf(made)?.type === 'resource_already_exists_exception') return;
    throw new MillraceError(
      'SINK_SETUP',
      `${describe(`Index ${index} cannot be created`, made)}. Create it, or mend what stands in the way.`,
    );
  }

  /** An index that has no mapping gets the schema's; one that has keeps its own. */
  async #ensureMapping(index: string, schema: StructSchema): Promise<void> {
    const path = `/${encodeURIComponent(index)}/_mapping`;
    if (await this.#hasMapping(index, path)) return;
    const mapping = mappingOf(schema, this.#settings.compactMaps);
    const put = await this.#client.call({ method: 'PUT', path, body: Buffer.from(JSON.stringify(mapping)) });
    if (put.status === 200 || (await this.#hasMapping(index, path))) return;
    throw new MillraceError(
      'SINK_SCHEMA',
      `${describe(`The mapping of index ${index} cannot be set from the record's schema`, put)}. ` +
        'Set it by hand, or set schema.ignore=true.',
    );
  }

  async #hasMapping(index: string, path: string): Promise<boolean> {
    const answer = await this.#client.call({ method: 'GET', path });
    if (answer.status === 403) {
      this.#log.warn({ index }, 'no right to read the mapping; it is left as it is');
      return true;
    }
    if (answer.status !== 200)
      throw new MillraceError('SINK_SETUP', `${describe(`The mapping of ${index} cannot be read`, answer)}.`);
    const found = JSON.parse(answer.body.toString()) as Record<string, { mappings?: object }>;
    return Object.values(found).some(({ mappings }) => Object.keys(mappings ?? {}).length > 0);
  }
}
