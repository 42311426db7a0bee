import type { ConnectRecord, Header, StructSchema, Transform, TransformFactory } from '../../api/index.ts';
import { memberOf } from '../../api/index.ts';
import type { Check, Config } from '../../config/spec.ts';
import { defineConfig, listKey, oneOfKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { fieldValue, replaceNullKey } from '../record/field-value.ts';
import type { Projection } from '../record/projection.ts';
import { project } from '../record/projection.ts';
import type { RecordPart } from '../record/record-part.ts';
import {
  copySchemaBasics,
  keyPart,
  memoizeBySchema,
  requireObject,
  requireStruct,
  valuePart,
  withHeaders,
} from '../record/record-part.ts';

const required: Check<readonly string[]> = Object.assign(
  (items: readonly string[]) => (items.length === 0 ? 'Empty list' : undefined),
  { onNull: 'Empty list' },
);

const config = defineConfig(
  {
    fields: listKey({ doc: 'Names of the fields whose values become headers.', importance: 'high', check: required }),
    headers: listKey({
      doc: 'Names of the headers, in the order of the fields.',
      importance: 'high',
      check: required,
    }),
    operation: oneOfKey(['move', 'copy'], {
      doc: "'move' removes the fields from the key or value, 'copy' keeps them.",
      importance: 'high',
    }),
    ...replaceNullKey,
  },
  {
    refine: ({ fields, headers }) =>
      fields.length === headers.length
        ? {}
        : { fields: "'fields' config must have the same number of elements as 'headers' config." },
  },
);
type Settings = Config<typeof config>;

/** Kafka Connect's HeaderFrom: moves or copies fields of the key or value to headers. */
const headerFrom = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create: settings => new HeaderFrom(part, settings),
});
export const headerFromKey = headerFrom(keyPart);
export const headerFromValue = headerFrom(valuePart);

class HeaderFrom implements Transform {
  readonly #part: RecordPart;
  readonly #settings: Settings;
  readonly #remainingOf: (schema: StructSchema) => Projection;

  constructor(part: RecordPart, settings: Settings) {
    this.#part = part;
    this.#settings = settings;
    this.#remainingOf = memoizeBySchema(schema => {
      const sources = schema.fields.filter(field => !settings.fields.includes(field.name));
      return { schema: copySchemaBasics(schema, sources), sources };
    });
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { fields, headers, operation, 'replace.null.with.default': replaceNull } = this.#settings;
    const value = this.#part.value(record);
    const addHeaders = (added: readonly Header[]) => withHeaders(record, [...record.headers, ...added]);
    if (this.#part.schema(record) === null) {
      const object = requireObject(value, `header ${operation}`);
      const result = addHeaders(
        fields.map((name, i) => ({ key: headers[i] ?? '', schema: null, value: memberOf(object, name) ?? null })),
      );
      if (operation === 'copy') return result;
      const remaining = Object.entries(object).filter(([name]) => !fields.includes(name));
      return this.#part.newRecord(result, null, Object.fromEntries(remaining));
    }
    const struct = requireStruct(value, `header ${operation}`);
    const result = addHeaders(
      fields.map((name, i) => {
        const field = struct.schema.byName.get(name);
        if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
        return { key: headers[i] ?? '', schema: field.schema, value: fieldValue(struct, field, replaceNull) };
      }),
    );
    if (operation === 'copy') return result;
    const remaining = this.#remainingOf(struct.schema);
    return this.#part.newRecord(result, remaining.schema, project(struct, remaining, replaceNull));
  }
}
