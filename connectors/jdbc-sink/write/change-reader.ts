import { isStruct, type SinkRecord, type Struct, type StructSchema, type Value } from '../../../src/api/index.ts';
import type { Settings } from '../config/settings.ts';
import { typeDescription } from '../values/encoder.ts';
import { isPlainObject } from '../values/literal.ts';

/** A row: a struct, or a plain object in records without schema. */
export type Row = Struct | Readonly<Record<string, Value>>;

export type Operation = 'write' | 'delete' | 'truncate' | 'none';

/** Indexes of fields in a change event or a CloudEvent; -1 for a missing field. */
interface Envelope {
  readonly op: number;
  readonly after: number;
  readonly source: number;
  /** Field of a CloudEvent that holds the row or the change event; -1 in a change event. */
  readonly data: number;
}

/** A value that is not a row. The message never contains the value. */
export class NotARowError extends Error {}

/** Reads the change that a record describes into its own fields, so that reading allocates nothing. */
export class ChangeReader {
  operation: Operation = 'none';
  /** Row of a write; null for other operations. */
  row: Row | null = null;
  /** Debezium's source block; undefined if the record has none. */
  source: Value | undefined;
  readonly #deletes: boolean;
  readonly #truncates: boolean;
  readonly #isCloudEvent: Settings['isCloudEvent'];
  readonly #envelopes = new WeakMap<StructSchema, Envelope | null>();

  constructor({
    deleteEnabled: deletes,
    truncateEnabled: truncates,
    isCloudEvent,
  }: Pick<Settings, 'deleteEnabled' | 'truncateEnabled' | 'isCloudEvent'>) {
    this.#deletes = deletes;
    this.#truncates = truncates;
    this.#isCloudEvent = isCloudEvent;
  }

  /** Reads a record's value. Throws NotARowError. */
  read({ value }: SinkRecord): void {
    this.row = null;
    this.source = undefined;
    this.#readValue(value);
  }

  #readValue(value: Value | undefined): void {
    if (value === null || value === undefined) this.operation = this.#deletes ? 'delete' : 'none';
    else if (isStruct(value)) {
      const envelope = this.#envelopeOf(value.schema);
      if (envelope === null) this.#setWrite(value);
      else if (envelope.data >= 0) this.#readValue(value.at(envelope.data));
      else {
        this.source = envelope.source < 0 ? undefined : value.at(envelope.source);
        this.#readEvent(value.at(envelope.op), value.at(envelope.after));
      }
    } else if (isPlainObject(value)) {
      if ('op' in value && 'after' in value && ('source' in value || 'before' in value)) {
        this.source = value['source'];
        this.#readEvent(value['op'], value['after']);
      } else this.#setWrite(value);
    } else throw new NotARowError(`a value that is neither a struct nor an object, but ${typeDescription(value)}`);
  }

  /** null if the schema is that of a flat row. */
  #envelopeOf(schema: StructSchema): Envelope | null {
    let envelope = this.#envelopes.get(schema);
    if (envelope === undefined) {
      const indexOf = (name: string) => schema.byName.get(name)?.index ?? -1;
      const indexes = { op: indexOf('op'), after: indexOf('after'), source: indexOf('source'), data: -1 };
      const isEvent = indexes.op >= 0 && indexes.after >= 0;
      if (isEvent && schema.name?.endsWith('.Envelope') === true) envelope = indexes;
      else if (isEvent && schema.name === undefined && indexes.source >= 0) envelope = indexes;
      else if (schema.name !== undefined && indexOf('data') >= 0 && this.#isCloudEvent(schema.name))
        envelope = { ...indexes, data: indexOf('data') };
      else envelope = null;
      this.#envelopes.set(schema, envelope);
    }
    return envelope;
  }

  #readEvent(op: Value | undefined, after: Value | undefined): void {
    switch (op) {
      case 'c':
      case 'u':
      case 'r':
        if (!isStruct(after) && !isPlainObject(after))
          throw new NotARowError(`a change event (${op}) without its new row`);
        this.#setWrite(after);
        return;
      case 'd':
        this.operation = this.#deletes ? 'delete' : 'none';
        return;
      case 't':
        this.operation = this.#truncates ? 'truncate' : 'none';
        return;
      default:
        // Logical messages and unknown operations are not rows.
        this.operation = 'none';
    }
  }

  #setWrite(row: Row): void {
    this.operation = 'write';
    this.row = row;
  }
}
