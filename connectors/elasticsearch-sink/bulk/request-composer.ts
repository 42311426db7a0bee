import type { ByteWriter, Schema, SinkRecord } from '../../../src/api/index.ts';
import { Bytes } from '../../../src/api/index.ts';
import { integer } from '../../../src/data/json/json-bytes.ts';
import { DataError } from '../../../src/errors.ts';
import type { Settings } from '../config/settings.ts';
import { type Encode, Encoders } from '../documents/encoders.ts';
import { idOfKey, versionOf } from '../documents/ids.ts';
import { writeSchemaless } from '../documents/schemaless.ts';
import { BulkRequest } from './bulk-request.ts';

/** Minimum number of records for an additional concurrent request. */
const MIN_LANE_RECORDS = 400;
/** Maximum number of retries of a conflicting update by Elasticsearch (retry_on_conflict). */
const MAX_UPDATE_RETRIES = 5;

/** A batch as bulk requests. Lanes are sent concurrently, the requests of a lane in order. */
export interface ComposedBatch {
  readonly lanes: readonly (readonly BulkRequest[])[];
  /** Errors of records that have no valid document or id, by their index in the batch. */
  readonly rejected: ReadonlyMap<number, DataError>;
}

/** Settings of a topic. */
interface Target {
  readonly isKeyIgnored: boolean;
  readonly encoders: Encoders;
  /** Action line up to the id. */
  readonly writeAction: Uint8Array;
  readonly deleteAction: Uint8Array;
}

const VERSION = Buffer.from(',"version":');
const EXTERNAL = Buffer.from(',"version_type":"external"}}\n');
const END = Buffer.from('}}\n');
const LINE = Buffer.from('\n');
const DOC = Buffer.from('{"doc":');
const AS_UPSERT = Buffer.from(',"doc_as_upsert":true}\n');

/** Records → NDJSON of the request API (https://www.elastic.co/guide/en/elasticsearch/reference/7.17/docs-request.html). */
export class RequestComposer {
  readonly #settings: Settings;
  readonly #indexOf: (topic: string) => string;
  readonly #targets = new Map<string, Target>();
  readonly #mappedEncoders: Encoders;
  readonly #dynamicEncoders: Encoders;
  readonly #updateEnd: Uint8Array;
  /** Requests of the previous batch, whose memory is reused. */
  #spare: BulkRequest[] = [];

  constructor(settings: Settings, indexOf: (topic: string) => string) {
    this.#settings = settings;
    this.#indexOf = indexOf;
    const { compactMaps } = settings;
    this.#mappedEncoders = new Encoders({ datesInMilliseconds: true, compactMaps });
    // With schema.ignore, Confluent's connector writes values with JsonConverter.
    this.#dynamicEncoders = new Encoders({ datesInMilliseconds: false, compactMaps: true });
    const tries = Math.min(settings.connection.maxInFlight, MAX_UPDATE_RETRIES);
    this.#updateEnd = Buffer.from(`,"retry_on_conflict":${tries}}}\n`);
  }

  /** Composes the requests of a batch, and invalidates those of the previous call. skip: records that are already written. */
  compose(records: readonly SinkRecord[], skip: ReadonlySet<SinkRecord>): ComposedBatch {
    const { connection, upsert, batchRecords, bulkBytes } = this.#settings;
    const count = Math.min(connection.maxInFlight, Math.max(1, Math.ceil(records.length / MIN_LANE_RECORDS)));
    const used: BulkRequest[] = [];
    const next = (): BulkRequest => {
      const request = this.#spare.pop()?.reset() ?? new BulkRequest();
      used.push(request);
      return request;
    };
    const lanes = Array.from({ length: count }, (): BulkRequest[] => [next()]);
    const rejected = new Map<number, DataError>();
    let topic: string | undefined;
    let target: Target | undefined;
    let schema: Schema | null | undefined;
    let encode: Encode = writeSchemaless;
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
        encode = schema === null ? writeSchemaless : target.encoders.encoderOf(schema);
      }
      let request: BulkRequest | undefined;
      try {
        if (record.value === null && !this.#deletes(record, target)) continue;
        const id = target.isKeyIgnored ? undefined : idOfKey(record.keySchema, record.key);
        // Updates of the same id go to the same lane. Versions and record ids do not depend on the order of requests.
        const lane =
          lanes[upsert && id !== undefined ? hash(id) % count : Math.floor((i * count) / records.length)] ?? [];
        request = lane.at(-1) as BulkRequest;
        if (request.records.length >= batchRecords || request.bytes.length >= bulkBytes) {
          request = next();
          lane.push(request);
        }
        this.#append(record, target, id, encode, request.bytes);
        request.endItem(i, upsert ? (id ?? '') : undefined);
      } catch (error) {
        request?.undoItem();
        if (!(error instanceof DataError)) throw error;
        rejected.set(i, error);
      }
    }
    // Retains at most one request for each lane.
    this.#spare = [...used, ...this.#spare].slice(0, connection.maxInFlight);
    return { lanes: lanes.map(lane => lane.filter(request => request.records.length > 0)), rejected };
  }

  /** True if a null value deletes a document; false if it is skipped. Throws DataError if null values fail. */
  #deletes(record: SinkRecord, { isKeyIgnored }: Target): boolean {
    const { nulls } = this.#settings;
    if (nulls === 'fail')
      throw new DataError(
        'The value is null. Set behavior.on.null.values to delete (the document of the key) or to ignore.',
      );
    // Documents with record ids are never deleted.
    return nulls === 'delete' && record.key !== null && !isKeyIgnored;
  }

  #append(record: SinkRecord, target: Target, id: string | undefined, encode: Encode, out: Bytes): void {
    const { upsert, versionHeader } = this.#settings;
    const isDelete = record.value === null;
    out.raw(isDelete ? target.deleteAction : target.writeAction);
    if (id === undefined) writeRecordId(record, out);
    else out.jsonText(id);
    if (upsert) out.raw(isDelete ? END : this.#updateEnd);
    else if (id === undefined) out.raw(END);
    else {
      out.raw(VERSION);
      if (versionHeader === undefined) integer(out, record.offset);
      else out.ascii(versionOf(record, versionHeader));
      out.raw(EXTERNAL);
    }
    if (isDelete) return;
    if (upsert) out.raw(DOC);
    writeDocument(record, encode, out);
    out.raw(upsert ? AS_UPSERT : LINE);
  }

  #targetOf(topic: string): Target {
    let target = this.#targets.get(topic);
    if (target === undefined) {
      const index = this.#indexOf(topic);
      target = {
        isKeyIgnored: this.#settings.isKeyIgnored(topic),
        encoders: this.#settings.isSchemaIgnored(topic) ? this.#dynamicEncoders : this.#mappedEncoders,
        writeAction: action(this.#settings.upsert ? 'update' : 'index', index),
        deleteAction: action('delete', index),
      };
      this.#targets.set(topic, target);
    }
    return target;
  }
}

const OPEN = 0x7b;

/** Appends a record's value. Throws DataError if it is not an object. */
function writeDocument(record: SinkRecord, encode: Encode, out: Bytes): void {
  const start = out.length;
  encode(record.value, out);
  if (out.buffer[start] !== OPEN)
    throw new DataError('The value is not an object, and only an object can be a document.');
}

/** Appends topic+partition+offset of the record in Kafka, before transforms. Topic names need no escapes. */
function writeRecordId(record: SinkRecord, out: ByteWriter): void {
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
