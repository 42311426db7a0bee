import type { ConnectRecord, StructSchema, Transform, TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, itemsOf, listKey } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { replaceNullKey } from '../record/field-value.ts';
import type { Projection } from '../record/projection.ts';
import { project } from '../record/projection.ts';
import type { Part } from '../record/record-part.ts';
import { bySchema, keyPart, requireObject, requireStruct, sameBasics, valuePart } from '../record/record-part.ts';

const config = defineConfig({
  exclude: listKey({
    doc: 'Fields to leave out, whatever include says.',
    default: [],
    formerNames: ['blacklist'],
    check: itemsOf('exclude', { empty: true }),
  }),
  include: listKey({
    doc: 'Fields to take; without any, all.',
    default: [],
    formerNames: ['whitelist'],
    check: itemsOf('include', { empty: true }),
  }),
  renames: listKey({
    doc: 'Other names for fields: old:new, with commas between.',
    default: [],
    check: list => {
      const wrong = list.find(pair => !/^[^:]+:[^:]+$/.test(pair));
      return wrong === undefined ? undefined : `Invalid rename mapping: ${wrong}`;
    },
  }),
  ...replaceNullKey,
});
type Settings = Config<typeof config>;

/** Kafka Connect's ReplaceField: fields of the key or value left out or renamed. */
const replaceField = (part: Part): TransformFactory<Settings> => ({
  config,
  create: settings => new ReplaceField(part, settings),
});
export const replaceFieldKey = replaceField(keyPart);
export const replaceFieldValue = replaceField(valuePart);

const purpose = 'field replacement';

class ReplaceField implements Transform {
  readonly #part: Part;
  readonly #replaceNull: boolean;
  readonly #renames: ReadonlyMap<string, string>;
  readonly #takes: (name: string) => boolean;
  readonly #projectionOf: (schema: StructSchema) => Projection;

  constructor(part: Part, settings: Settings) {
    const [exclude, include] = [new Set(settings.exclude), new Set(settings.include)];
    this.#part = part;
    this.#replaceNull = settings['replace.null.with.default'];
    this.#renames = new Map(settings.renames.map(pair => pair.split(':') as [string, string]));
    this.#takes = name => !exclude.has(name) && (include.size === 0 || include.has(name));
    this.#projectionOf = bySchema(schema => {
      const from = schema.fields.filter(field => this.#takes(field.name));
      const fields = from.map(field => ({ name: this.#renames.get(field.name) ?? field.name, schema: field.schema }));
      const twice = fields.find(({ name }, i) => fields.findIndex(other => other.name === name) < i);
      if (twice !== undefined)
        throw new DataError(`Cannot create field because of field name duplication ${twice.name}`);
      return { schema: sameBasics(schema, fields), from };
    });
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#part.value(record);
    if (value === null) return record;
    if (this.#part.schema(record) === null) {
      const members = Object.entries(requireObject(value, purpose))
        .filter(([name]) => this.#takes(name))
        .map(([name, member]) => [this.#renames.get(name) ?? name, member]);
      return this.#part.with(record, null, Object.fromEntries(members));
    }
    const struct = requireStruct(value, purpose);
    const projection = this.#projectionOf(struct.schema);
    return this.#part.with(record, projection.schema, project(struct, projection, this.#replaceNull));
  }
}
