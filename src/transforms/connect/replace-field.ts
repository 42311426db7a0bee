import type { ConnectRecord, StructSchema, Transform, TransformFactory } from '../../api/index.ts';
import type { Config } from '../../config/spec.ts';
import { defineConfig, listKey, validList } from '../../config/spec.ts';
import { DataError } from '../../errors.ts';
import { replaceNullKey } from '../record/field-value.ts';
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
} from '../record/record-part.ts';

const config = defineConfig({
  exclude: listKey({
    doc: 'Fields to exclude. Takes precedence over include.',
    default: [],
    formerNames: ['blacklist'],
    check: validList('exclude', { empty: true }),
  }),
  include: listKey({
    doc: 'Fields to include. An empty list includes all fields.',
    default: [],
    formerNames: ['whitelist'],
    check: validList('include', { empty: true }),
  }),
  renames: listKey({
    doc: 'Fields to rename, as a comma-separated list of old:new.',
    default: [],
    check: list => {
      const invalid = list.find(pair => !/^[^:]+:[^:]+$/.test(pair));
      return invalid === undefined ? undefined : `Invalid rename mapping: ${invalid}`;
    },
  }),
  ...replaceNullKey,
});
type Settings = Config<typeof config>;

/** Kafka Connect's ReplaceField: excludes or renames fields of the key or value. */
const replaceField = (part: RecordPart): TransformFactory<Settings> => ({
  config,
  create: settings => new ReplaceField(part, settings),
});
export const replaceFieldKey = replaceField(keyPart);
export const replaceFieldValue = replaceField(valuePart);

const purpose = 'field replacement';

class ReplaceField implements Transform {
  readonly #part: RecordPart;
  readonly #replaceNull: boolean;
  readonly #renames: ReadonlyMap<string, string>;
  readonly #includes: (name: string) => boolean;
  readonly #projectionOf: (schema: StructSchema) => Projection;

  constructor(part: RecordPart, settings: Settings) {
    const [exclude, include] = [new Set(settings.exclude), new Set(settings.include)];
    this.#part = part;
    this.#replaceNull = settings['replace.null.with.default'];
    this.#renames = new Map(settings.renames.map(pair => pair.split(':') as [string, string]));
    this.#includes = name => !exclude.has(name) && (include.size === 0 || include.has(name));
    this.#projectionOf = memoizeBySchema(schema => {
      const sources = schema.fields.filter(field => this.#includes(field.name));
      const fields = sources.map(field => ({
        name: this.#renames.get(field.name) ?? field.name,
        schema: field.schema,
      }));
      const duplicate = fields.find(({ name }, i) => fields.findIndex(other => other.name === name) < i);
      if (duplicate !== undefined)
        throw new DataError(`Cannot create field because of field name duplication ${duplicate.name}`);
      return { schema: copySchemaBasics(schema, fields), sources };
    });
  }

  apply<R extends ConnectRecord>(record: R): R {
    const value = this.#part.value(record);
    if (value === null) return record;
    if (this.#part.schema(record) === null) {
      const members = Object.entries(requireObject(value, purpose))
        .filter(([name]) => this.#includes(name))
        .map(([name, member]) => [this.#renames.get(name) ?? name, member]);
      return this.#part.newRecord(record, null, Object.fromEntries(members));
    }
    const struct = requireStruct(value, purpose);
    const projection = this.#projectionOf(struct.schema);
    return this.#part.newRecord(record, projection.schema, project(struct, projection, this.#replaceNull));
  }
}
