import type { Header, SourceRecord } from '../../api/index.ts';
import { schemaOf } from '../../api/index.ts';
import { CONTEXT_HEADER_PREFIX, NEW_KEY_HEADER, OLD_KEY_HEADER } from '../../debezium/names.ts';
import type { ChangeSource } from './change-source.ts';
import { Envelope, type EnvelopeTable } from './envelope.ts';
import type { ReadTime } from './read-time.ts';
import { type KeyLayout, KeyStruct, type RowLayout, type RowStruct, sameKey } from './row-struct.ts';

export interface RecordSettings {
  readonly tombstones: boolean;
  /** `skipped.operations` */
  readonly skips: ReadonlySet<string>;
  /** Headers of every record of a table: `extended.headers.enabled`. */
  readonly headers: readonly Header[];
  /** `skip.messages.without.change` */
  readonly skipUnchanged: boolean;
}

export const NO_HEADERS: readonly Header[] = [];

/** Debezium's context headers. connector: the name in `source.connector`; run: the id of this run of the task. */
export function contextHeaders(connector: string, prefix: string, task: number, run: string): readonly Header[] {
  const schema = schemaOf('string');
  const header = (key: string, value: string): Header => ({ key: CONTEXT_HEADER_PREFIX + key, schema, value });
  return [
    header('connectorLogicalName', prefix),
    header('taskId', String(task)),
    header('connectorName', connector),
    header('runId', run),
  ];
}

/** One version of a captured table, with its topic and its schemas. */
export interface CapturedTable extends EnvelopeTable {
  readonly topic: string;
  readonly row: RowLayout;
  /** null: records of this table have no key. */
  readonly key: KeyLayout | null;
}

/** The table, the source, the position and the read time of a change. */
export interface ChangeSite<P, T extends CapturedTable = CapturedTable> {
  readonly table: T;
  readonly source: ChangeSource<P>;
  readonly position: P;
  readonly readTime: ReadTime;
}

/** Builds the one, two or three records of a change. P: position of a change in the source's log. */
export class RecordBuilder<P> {
  readonly #settings: RecordSettings;

  constructor(settings: RecordSettings) {
    this.#settings = settings;
  }

  insert(site: ChangeSite<P>, row: RowStruct, out: SourceRecord[]): void {
    if (!this.#settings.skips.has('c')) out.push(this.#record(site, 'c', null, row, row));
  }

  /** A record of a snapshot. */
  read(site: ChangeSite<P>, row: RowStruct): SourceRecord {
    return this.#record(site, 'r', null, row, row);
  }

  /** before: null where the key has not changed and the table's replica identity is not FULL. */
  update(site: ChangeSite<P>, before: RowStruct | null, after: RowStruct, out: SourceRecord[]): void {
    const { skips, skipUnchanged } = this.#settings;
    if (skips.has('u')) return;
    if (this.isKeyChange(site.table, before, after)) {
      this.deleteOldKey(site, before as RowStruct, after, out);
      this.createNewKey(site, before as RowStruct, after, out);
    } else if (!(skipUnchanged && before !== null && sameRow(site.table, before, after)))
      out.push(this.#record(site, 'u', before, after, after));
  }

  isKeyChange({ key }: CapturedTable, before: RowStruct | null, after: RowStruct): boolean {
    return before !== null && key !== null && !sameKey(key, before, after);
  }

  /** The deletion of the old key. Skipped with deletions, and with updates. */
  deleteOldKey(site: ChangeSite<P>, before: RowStruct, after: RowStruct, out: SourceRecord[]): void {
    const { skips } = this.#settings;
    if (skips.has('u') || skips.has('d')) return;
    this.#delete(site, before, [this.#keyHeader(NEW_KEY_HEADER, site.table, after), ...this.#settings.headers], out);
  }

  /** The creation of the new key. Skipped with creations, and with updates. */
  createNewKey(site: ChangeSite<P>, before: RowStruct, after: RowStruct, out: SourceRecord[]): void {
    const { skips } = this.#settings;
    if (skips.has('u') || skips.has('c')) return;
    const headers = [this.#keyHeader(OLD_KEY_HEADER, site.table, before), ...this.#settings.headers];
    out.push(this.#record(site, 'c', null, after, after, headers));
  }

  delete(site: ChangeSite<P>, before: RowStruct, out: SourceRecord[]): void {
    if (!this.#settings.skips.has('d')) this.#delete(site, before, this.#settings.headers, out);
  }

  truncate({ table, source, position, readTime }: ChangeSite<P>, out: SourceRecord[]): void {
    if (this.#settings.skips.has('t')) return;
    out.push({
      topic: table.topic,
      partition: null,
      keySchema: null,
      key: null,
      valueSchema: table.envelope,
      value: new Envelope(table, 't', null, null, source, position, readTime),
      timestamp: null,
      headers: this.#settings.headers,
    });
  }

  /** No tombstone without a key: compacted topics refuse it. */
  #delete(site: ChangeSite<P>, before: RowStruct, headers: readonly Header[], out: SourceRecord[]): void {
    const record = this.#record(site, 'd', before, null, before, headers);
    out.push(record);
    if (this.#settings.tombstones && record.key !== null) out.push({ ...record, valueSchema: null, value: null });
  }

  #record(
    { table, source, position, readTime }: ChangeSite<P>,
    op: 'c' | 'u' | 'd' | 'r',
    before: RowStruct | null,
    after: RowStruct | null,
    keyed: RowStruct,
    headers = this.#settings.headers,
  ): SourceRecord {
    const { key } = table;
    return {
      topic: table.topic,
      partition: null,
      keySchema: key === null ? null : key.schema,
      key: key === null ? null : new KeyStruct(key, keyed),
      valueSchema: table.envelope,
      value: new Envelope(table, op, before, after, source, position, readTime),
      timestamp: null,
      headers,
    };
  }

  #keyHeader(name: string, { key }: CapturedTable, row: RowStruct): Header {
    return key === null
      ? { key: name, schema: null, value: null }
      : { key: name, schema: key.schema, value: new KeyStruct(key, row) };
  }
}

const allFields = new WeakMap<object, readonly number[]>();

/** True if all fields of the records are equal. A value that was not sent as unchanged is equal. */
function sameRow({ row, key }: CapturedTable, before: RowStruct, after: RowStruct): boolean {
  let fields = allFields.get(row);
  if (fields === undefined) {
    fields = row.fields.map((_, i) => i);
    allFields.set(row, fields);
  }
  const sent = fields.filter(i => after.has(i));
  return sameKey({ schema: key?.schema ?? row.schema, prefixes: [], fields: sent }, before, after);
}
