import type { ConnectRecord, Header, StructSchema, Transform, TransformFactory } from '../../api/index.ts';
import { memberOf } from '../../api/index.ts';
import type { Check, Config } from '../../config/spec.ts';
import { defineConfig, listKey, oneOfKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { fieldValue, replaceNullKey } from '../record/field-value.ts';
import type { Projection } from '../record/projection.ts';
import { project } from '../record/projection.ts';
import type { Part } from '../record/record-part.ts';
import {
  bySchema,
  keyPart,
  requireObject,
  requireStruct,
  sameBasics,
  valuePart,
  withHeaders,
} from '../record/record-part.ts';

const given: Check<readonly string[]> = Object.assign(
  (items: readonly string[]) => (items.length === 0 ? 'Empty list' : undefined),
  { onNull: 'Empty list' },
);

const config = defineConfig(
  {
    fields: listKey({ doc: 'Fields that become headers.', importance: 'high', check: given }),
    headers: listKey({
      doc: 'Names of the headers, in the order of the fields.',
      importance: 'high',
      check: given,
    }),
    operation: oneOfKey(['move', 'copy'], {
      doc: "'move' takes the fields out of the key or value, 'copy' leaves them there.",
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

/** Kafka Connect's HeaderFrom: fields of the key or value as headers. */
const headerFrom = (part: Part): TransformFactory<Settings> => ({
  config,
  create: settings => new HeaderFrom(part, settings),
});
export const headerFromKey = headerFrom(keyPart);
export const headerFromValue = headerFrom(valuePart);

class HeaderFrom implements Transform {
  readonly #part: Part;
  readonly #settings: Settings;
  readonly #rest: (schema: StructSchema) => Projection;

  constructor(part: Part, settings: Settings) {
    this.#part = part;
    this.#settings = settings;
    this.#rest = bySchema(schema => {
      const from = schema.fields.filter(field => !settings.fields.includes(field.name));
      return { schema: sameBasics(schema, from), from };
    });
  }

  apply<R extends ConnectRecord>(record: R): R {
    const { fields, headers, operation, 'replace.null.with.default': replaceNull } = this.#settings;
    const value = this.#part.value(record);
    const with_ = (added: readonly Header[]) => withHeaders(record, [...record.headers, ...added]);
    if (this.#part.schema(record) === null) {
      const object = requireObject(value, `header ${operation}`);
      const result = with_(
        fields.map((name, i) => ({ key: headers[i] ?? '', schema: null, value: memberOf(object, name) ?? null })),
      );
      if (operation === 'copy') return result;
      const rest = Object.entries(object).filter(([name]) => !fields.includes(name));
      return this.#part.with(result, null, Object.fromEntries(rest));
    }
    const struct = requireStruct(value, `header ${operation}`);
    const result = with_(
      fields.map((name, i) => {
        const field = struct.schema.byName.get(name);
        if (field === undefined) throw new DataError(`Field does not exist: ${name}`);
        return { key: headers[i] ?? '', schema: field.schema, value: fieldValue(struct, field, replaceNull) };
      }),
    );
    if (operation === 'copy') return result;
    const rest = this.#rest(struct.schema);
    return this.#part.with(result, rest.schema, project(struct, rest, replaceNull));
  }
}
