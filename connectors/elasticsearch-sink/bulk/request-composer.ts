import type { ByteWriter, Schema, SinkRecord } from '../../../src/api/index.ts';
import { Bytes } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import { type Encode, Encoders } from '../documents/encoders.ts';
import { idOfKey, versionOf } from '../documents/ids.ts';
import { integer } from '../documents/floats.ts';
import { writePlain } from '../documents/schemaless.ts';
import { Bulk } from './bulk-request.ts';

/** Records for which a further request at the same time pays. */
const PAYS = 400;
/** As often as Elasticsearch itself may try an update that another has got in between. */
const UPDATE_TRIES = 5;

/** A batch as bulk requests. Lanes may go at the same time; what is within a lane goes in order. */
export interface Composed {
  readonly lanes: readonly (readonly Bulk[])[];
  /** Records that no document or id could be made of, by their place in the batch. */
  readonly refused: ReadonlyMap<number, DataError>;
}

/** A topic's own: decided once. */
interface Target {
  readonly keyIgnored: boolean;
  readonly encoders: Encoders;
  /** An action up to the id. */
  readonly write: Uint8Array;
  readonly remove: Uint8Array;
}

const VERSION = Buffer.from(',"version":');
const EXTERNAL = Buffer.from(',"version_type":"external"}}\n');
const END = Buffer.from('}}\n');
const LINE = Buffer.from('\n');
const DOC = Buffer.from('{"doc":');
const AS_UPSERT = Buffer.from(',"doc_as_upsert":true}\n');

/** Records → NDJSON of the bulk API (https://www.elastic.co/guide/en/elasticsearch/reference/7.17/docs-bulk.html). */
export class Composer {
  readonly #settings: Settings;
  readonly #nameOf: (topic: string) => string;
  readonly #targets = new Map<string, Target>();
  readonly #mapped: Encoders;
  readonly #unmapped: Encoders;
  readonly #endOfUpdate: Uint8Array;
  /** Requests of the batch before, whose memory is used again. */
  #spare: Bulk[] = [];

  constructor(settings: Settings, nameOf: (topic: string) => string) {
    this.#settings = settings;
    this.#nameOf = nameOf;
    const { compactMaps } = settings;
    this.#mapped = new Encoders({ datesInMilliseconds: true, compactMaps });
    // Connect's connector leaves a value whose schema is ignored to JsonConverter.
    this.#unmapped = new Encoders({ datesInMilliseconds: false, compactMaps: true });
    const tries = Math.min(settings.connection.inFlight, UPDATE_TRIES);
    this.#endOfUpdate = Buffer.from(`,"retry_on_conflict":${tries}}}\n`);
  }

  /** skip: records that are written already. What the call before gave is no longer valid. */
  compose(records: readonly SinkRecord[], skip: ReadonlySet<SinkRecord>): Composed {
    const { connection, upsert, batchRecords, bulkBytes } = this.#settings;
    const count = Math.min(connection.inFlight, Math.max(1, Math.ceil(records.length / PAYS)));
    const used: Bulk[] = [];
    const next = (): Bulk => {
      const bulk = this.#spare.pop()?.reset() ?? new Bulk();
      used.push(bulk);
      return bulk;
    };
    const lanes = Array.from({ length: count }, (): Bulk[] => [next()]);
    const refused = new Map<number, DataError>();
    let topic: string | undefined;
    let target: Target | undefined;
    let schema: Schema | null | undefined;
    let encode: Encode = writePlain;
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as SinkRecord;
      if (skip.has(record)) continue;
      if (record.topic !== topic || target === undefined) {
        topic = record.topic;
        target = this.#targetOf(topic);
        schema = undefined;
      }
      if (record.valueSchema !== schema) {
        schema = record.valueSchema;
        encode = schema === null ? writePlain : target.encoders.of(schema);
      }
      let bulk: Bulk | undefined;
      try {
        if (record.value === null && !this.#deletes(record, target)) continue;
        const id = target.keyIgnored ? undefined : idOfKey(record.keySchema, record.key);
        // With versions the order of requests means nothing, and ids of records meet nobody; updates have neither.
        const lane =
          lanes[upsert && id !== undefined ? hash(id) % count : Math.floor((i * count) / records.length)] ?? [];
        bulk = lane.at(-1) as Bulk;
        if (bulk.records.length >= batchRecords || bulk.bytes.length >= bulkBytes) {
          bulk = next();
          lane.push(bulk);
        }
        this.#append(record, target, id, encode, bulk.bytes);
        bulk.end(i, upsert ? (id ?? '') : undefined);
      } catch (error) {
        bulk?.undo();
        if (!(error instanceof DataError)) throw error;
        refused.set(i, error);
      }
    }
    // A batch that took more requests than its like leaves no more of them behind than there are lanes.
    this.#spare = [...used, ...this.#spare].slice(0, connection.inFlight);
    return { lanes: lanes.map(lane => lane.filter(bulk => bulk.records.length > 0)), refused };
  }

  /** Whether a null value deletes; false leaves it out. Throws DataError where nulls are refused. */
  #deletes(record: SinkRecord, { keyIgnored }: Target): boolean {
    const { nulls } = this.#settings;
    if (nulls === 'fail')
      throw new DataError(
        'The value is null. behavior.on.null.values=delete deletes the document of the key, ignore leaves it out.',
      );
    // A document with an id of its record is no other record's to delete.
    return nulls === 'delete' && record.key !== null && !keyIgnored;
  }

  #append(record: SinkRecord, target: Target, id: string | undefined, encode: Encode, out: Bytes): void {
    const { upsert, versionHeader } = this.#settings;
    const removes = record.value === null;
    out.raw(removes ? target.remove : target.write);
    if (id === undefined) ownId(record, out);
    else out.jsonText(id);
    if (upsert) out.raw(removes ? END : this.#endOfUpdate);
    else if (id === undefined) out.raw(END);
    else {
      out.raw(VERSION);
      if (versionHeader === undefined) integer(out, record.offset);
      else out.ascii(versionOf(record, versionHeader));
      out.raw(EXTERNAL);
    }
    if (removes) return;
    if (upsert) out.raw(DOC);
    document(record, encode, out);
    out.raw(upsert ? AS_UPSERT : LINE);
  }

  #targetOf(topic: string): Target {
    let target = this.#targets.get(topic);
    if (target === undefined) {
      const index = this.#nameOf(topic);
      target = {
        keyIgnored: this.#settings.keyIgnored(topic),
        encoders: this.#settings.schemaIgnored(topic) ? this.#unmapped : this.#mapped,
        write: action(this.#settings.upsert ? 'update' : 'index', index),
        remove: action('delete', index),
      };
      this.#targets.set(topic, target);
    }
    return target;
  }
}

const OPEN = 0x7b;

/** Appends a record's value, which must be an object. */
function document(record: SinkRecord, encode: Encode, out: Bytes): void {
  const start = out.length;
  encode(record.value, out);
  if (out.buffer[start] !== OPEN) throw new DataError('Only an object can be a document: the value is none.');
}

/** topic+partition+offset of the record in Kafka, whatever transforms made of its topic. Topics need no escapes. */
function ownId(record: SinkRecord, out: ByteWriter): void {
  out.ascii(`"${record.originalTopic}+`);
  integer(out, record.originalPartition);
  out.ascii('+');
  integer(out, record.offset);
  out.ascii('"');
}

function action(name: 'index' | 'update' | 'delete', index: string): Uint8Array {
  const bytes = new Bytes(64);
  bytes.ascii(`{"${name}":{"_index":`);
  bytes.jsonText(index);
  bytes.ascii(',"_id":');
  return bytes.take();
}

/** FNV-1a over the code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
