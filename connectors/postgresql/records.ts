import type { Header, SourceRecord } from '../../src/api/index.ts';
import { schemaOf } from '../../src/api/index.ts';
import type { Tick } from './clock.ts';
import { Envelope } from './envelope.ts';
import type { Lsn } from './lsn.ts';
import { KeyStruct, type RowStruct, sameKey } from './row-struct.ts';
import type { Origin } from './source-info.ts';
import type { Table } from './table-schema.ts';

export interface RecordSettings {
  readonly tombstones: boolean;
  /** `skipped.operations` */
  readonly skips: ReadonlySet<string>;
  /** `extended.headers.enabled`: on every record of a table. */
  readonly headers: readonly Header[];
  /** `skip.messages.without.change` */
  readonly skipUnchanged: boolean;
}

export const NO_HEADERS: readonly Header[] = [];

/** What says that a record's key was another before, and which. */
const NEW_KEY = '__debezium.newkey';
const OLD_KEY = '__debezium.oldkey';

/** Debezium's headers of lineage. */
export function contextHeaders(prefix: string, task: number, run: string): readonly Header[] {
  const schema = schemaOf('string');
  const header = (key: string, value: string): Header => ({ key: `__debezium.context.${key}`, schema, value });
  return [
    header('connectorLogicalName', prefix),
    header('taskId', String(task)),
    header('connectorName', 'postgresql'),
    header('runId', run),
  ];
}

/** Where a change comes from, when it was read, and of which table it is. */
export interface ChangeSite {
  readonly table: Table;
  readonly origin: Origin;
  readonly lsn: Lsn;
  readonly tick: Tick;
}

/** Makes of a change the one, two or three records that stand for it. */
export class RecordMaker {
  readonly #settings: RecordSettings;

  constructor(settings: RecordSettings) {
    this.#settings = settings;
  }

  insert(site: ChangeSite, row: RowStruct, out: SourceRecord[]): void {
    if (!this.#settings.skips.has('c')) out.push(this.#record(site, 'c', null, row, row));
  }

  /** A row of a snapshot. */
  read(site: ChangeSite, row: RowStruct): SourceRecord {
    return this.#record(site, 'r', null, row, row);
  }

  /** before: null where the key has not changed and the table's replica identity is not FULL. */
  update(site: ChangeSite, before: RowStruct | null, after: RowStruct, out: SourceRecord[]): void {
    const { skips, skipUnchanged } = this.#settings;
    if (skips.has('u')) return;
    if (this.isKeyChange(site.table, before, after)) {
      this.oldKey(site, before as RowStruct, after, out);
      this.newKey(site, before as RowStruct, after, out);
    } else if (!(skipUnchanged && before !== null && sameRow(site.table, before, after)))
      out.push(this.#record(site, 'u', before, after, after));
  }

  isKeyChange({ key }: Table, before: RowStruct | null, after: RowStruct): boolean {
    return before !== null && key !== null && !sameKey(key, before, after);
  }

  /** A changed key: the old one is deleted. Skipped as a deletion, and with the update that it is a part of. */
  oldKey(site: ChangeSite, before: RowStruct, after: RowStruct, out: SourceRecord[]): void {
    const { skips } = this.#settings;
    if (skips.has('u') || skips.has('d')) return;
    this.#deleted(site, before, [this.#keyHeader(NEW_KEY, site.table, after), ...this.#settings.headers], out);
  }

  /** A changed key: the new one is created. Skipped as a creation, and with the update that it is a part of. */
  newKey(site: ChangeSite, before: RowStruct, after: RowStruct, out: SourceRecord[]): void {
    const { skips } = this.#settings;
    if (skips.has('u') || skips.has('c')) return;
    const headers = [this.#keyHeader(OLD_KEY, site.table, before), ...this.#settings.headers];
    out.push(this.#record(site, 'c', null, after, after, headers));
  }

  delete(site: ChangeSite, before: RowStruct, out: SourceRecord[]): void {
    if (!this.#settings.skips.has('d')) this.#deleted(site, before, this.#settings.headers, out);
  }

  truncate({ table, origin, lsn, tick }: ChangeSite, out: SourceRecord[]): void {
    if (this.#settings.skips.has('t')) return;
    out.push({
      topic: table.topic,
      partition: null,
      keySchema: null,
      key: null,
      valueSchema: table.envelope,
      value: new Envelope(table, 't', null, null, origin, lsn, tick),
      timestamp: null,
      headers: this.#settings.headers,
    });
  }

  /** A tombstone without a key would say nothing, and compacted topics refuse it. */
  #deleted(site: ChangeSite, before: RowStruct, headers: readonly Header[], out: SourceRecord[]): void {
    const record = this.#record(site, 'd', before, null, before, headers);
    out.push(record);
    if (this.#settings.tombstones && record.key !== null) out.push({ ...record, valueSchema: null, value: null });
  }

  #record(
    { table, origin, lsn, tick }: ChangeSite,
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
      value: new Envelope(table, op, before, after, origin, lsn, tick),
      timestamp: null,
      headers,
    };
  }

  #keyHeader(name: string, { key }: Table, row: RowStruct): Header {
    return key === null
      ? { key: name, schema: null, value: null }
      : { key: name, schema: key.schema, value: new KeyStruct(key, row) };
  }
}

const allFields = new WeakMap<object, readonly number[]>();

/** Whether all fields that records show are the same; a value left out as unchanged is. */
function sameRow({ row, key }: Table, before: RowStruct, after: RowStruct): boolean {
  let fields = allFields.get(row);
  if (fields === undefined) {
    fields = row.fields.map((_, i) => i);
    allFields.set(row, fields);
  }
  const sent = fields.filter(i => after.has(i));
  return sameKey({ schema: key?.schema ?? row.schema, prefixes: [], fields: sent }, before, after);
}
