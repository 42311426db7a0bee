import { isStruct, type SinkRecord, type Struct, type StructSchema, type Value } from '../../../src/api/index.ts';
import type { Settings } from '../config/settings.ts';
import { describe } from '../values/encoder.ts';
import { isPlainObject } from '../values/literals.ts';

/** A row: a struct, or a plain object where records have no schema. */
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

/** A value that is no row. Its message never tells the value. */
export class NotARow extends Error {}

/** What a record asks for. The last one read: one object for all, so that reading allocates nothing. */
export class Change {
  operation: Operation = 'none';
  /** Of a write. */
  row: Row | null = null;
  /** Debezium's source block, where the record has one. */
  source: Value | undefined;
  readonly #deletes: boolean;
  readonly #truncates: boolean;
  readonly #isCloudEvent: Settings['isCloudEvent'];
  readonly #envelopes = new WeakMap<StructSchema, Envelope | null>();

  constructor({ deletes, truncates, isCloudEvent }: Pick<Settings, 'deletes' | 'truncates' | 'isCloudEvent'>) {
    this.#deletes = deletes;
    this.#truncates = truncates;
    this.#isCloudEvent = isCloudEvent;
  }

  /** Takes the record's value apart. Throws NotARow. */
  read({ value }: SinkRecord): void {
    this.row = null;
    this.source = undefined;
    this.#value(value);
  }

  #value(value: Value | undefined): void {
    if (value === null || value === undefined) this.operation = this.#deletes ? 'delete' : 'none';
    else if (isStruct(value)) {
      const envelope = this.#envelopeOf(value.schema);
      if (envelope === null) this.#write(value);
      else if (envelope.data >= 0) this.#value(value.at(envelope.data));
      else {
        this.source = envelope.source < 0 ? undefined : value.at(envelope.source);
        this.#event(value.at(envelope.op), value.at(envelope.after));
      }
    } else if (isPlainObject(value)) {
      if ('op' in value && 'after' in value && ('source' in value || 'before' in value)) {
        this.source = value['source'];
        this.#event(value['op'], value['after']);
      } else this.#write(value);
    } else throw new NotARow(`a value that is neither a struct nor an object, but ${describe(value)}`);
  }

  /** null: the schema is that of a flat row. */
  #envelopeOf(schema: StructSchema): Envelope | null {
    let envelope = this.#envelopes.get(schema);
    if (envelope === undefined) {
      const place = (name: string) => schema.byName.get(name)?.index ?? -1;
      const places = { op: place('op'), after: place('after'), source: place('source'), data: -1 };
      const isEvent = places.op >= 0 && places.after >= 0;
      if (isEvent && schema.name?.endsWith('.Envelope') === true) envelope = places;
      else if (isEvent && schema.name === undefined && places.source >= 0) envelope = places;
      else if (schema.name !== undefined && place('data') >= 0 && this.#isCloudEvent(schema.name))
        envelope = { ...places, data: place('data') };
      else envelope = null;
      this.#envelopes.set(schema, envelope);
    }
    return envelope;
  }

  #event(op: Value | undefined, after: Value | undefined): void {
    switch (op) {
      case 'c':
      case 'u':
      case 'r':
        if (!isStruct(after) && !isPlainObject(after))
          throw new NotARow(`a change event (${op}) without the row behind it`);
        this.#write(after);
        return;
      case 'd':
        this.operation = this.#deletes ? 'delete' : 'none';
        return;
      case 't':
        this.operation = this.#truncates ? 'truncate' : 'none';
        return;
      default:
        // Logical messages, and whatever a later Debezium may add, are no rows.
        this.operation = 'none';
    }
  }

  #write(row: Row): void {
    this.operation = 'write';
    this.row = row;
  }
}
