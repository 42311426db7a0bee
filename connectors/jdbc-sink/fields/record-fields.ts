import { isStruct, type Schema, type SinkRecord } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { defaultKafkaColumns, type Settings } from '../config/settings.ts';
import { describeRecord, missingKeyError } from './describe-record.ts';
import { type Field, kafkaFields, schemalessField, structFields, withDefault } from './fields.ts';
import { withInstants } from './instant-fields.ts';
import { PRIMITIVE, SchemalessShape, type Shape } from './record-shape.ts';
import { header, keyField, keyMember, rowField, rowMember, wholeKey } from './value-accessors.ts';

/** Fields of records that are written to columns, as configured. */
export class RecordFields {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Fields of the value that are written, without the key's. */
  valueFields(topicName: string, shape: Shape, keys: ReadonlySet<string>): readonly Field[] {
    const { includesField: writes, replaceNulls, instantFields: instants } = this.#settings;
    const isIncluded = (name: string) => !keys.has(name) && writes(topicName, name);
    if (shape instanceof SchemalessShape) {
      const members = shape.names.filter(isIncluded).map(name => schemalessField(name, rowMember(name), false));
      return withInstants(members, instants);
    }
    const fields = structFields(shape, rowField, false).filter(field => isIncluded(field.name));
    return withInstants(replaceNulls ? fields.map(withDefault) : fields, instants);
  }

  /** Fields of the primary key. Throws DataError. */
  keyFields(record: SinkRecord, rowShape: Shape, keyShape: Shape): readonly Field[] {
    const { pkMode, pkFields } = this.#settings;
    switch (pkMode) {
      case 'none':
        return [];
      case 'kafka':
        return kafkaFields(pkFields.length === 3 ? pkFields : defaultKafkaColumns);
      case 'record_value':
        return this.#selectKeyFields(
          rowShape instanceof SchemalessShape
            ? rowShape.names.map(name => schemalessField(name, rowMember(name), true))
            : structFields(rowShape, rowField, true),
          'value',
          record,
        );
      case 'record_key':
        return this.#recordKeyFields(record, keyShape);
      case 'record_header': {
        const names = pkFields.length > 0 ? pkFields : record.headers.map(each => each.key);
        return [...new Set(names)].map(name => {
          const last = record.headers.findLast(each => each.key === name);
          if (last === undefined)
            throw new DataError(
              `The header ${name}, which ${this.#settings.names.pkFields} names, is missing in ${describeRecord(record)}.`,
            );
          return { name, schema: last.schema, key: true, accessor: header(name), index: -1 };
        });
      }
    }
  }

  #recordKeyFields(record: SinkRecord, shape: Shape): readonly Field[] {
    const { pkFields, names } = this.#settings;
    if (isStruct(record.key))
      return this.#selectKeyFields(structFields(shape as Schema, keyField, true), 'key', record);
    if (shape instanceof SchemalessShape && shape !== PRIMITIVE)
      return this.#selectKeyFields(
        shape.names.map(name => schemalessField(name, keyMember(name), true)),
        'key',
        record,
      );
    if (record.key === null || record.key === undefined) throw missingKeyError(record, names.pkMode);
    const [only] = pkFields;
    if (only === undefined || pkFields.length > 1) {
      throw new DataError(
        `Need exactly one PK column defined since the key schema for records is a primitive type, defined columns are: ` +
          `[${pkFields.join(', ')}]. Set ${names.pkFields} to the column's name. Found at ${describeRecord(record)}.`,
      );
    }
    const schema = shape instanceof SchemalessShape ? null : (shape as Schema);
    return [{ name: only, schema, key: true, accessor: wholeKey, index: -1 }];
  }

  /** The configured key fields, in that order; all fields if none is configured. */
  #selectKeyFields(fields: readonly Field[], part: 'key' | 'value', record: SinkRecord): readonly Field[] {
    const { pkFields, pkMode, names } = this.#settings;
    if (pkFields.length === 0) return fields;
    return pkFields.map(name => {
      const field = fields.find(each => each.name === name);
      if (field !== undefined) return field;
      throw new DataError(
        `${names.pkMode} is ${pkMode} with configured ${names.pkFields} [${pkFields.join(', ')}], but the record ${part} ` +
          `does not contain field: ${name}. Found at ${describeRecord(record)}.`,
      );
    });
  }
}
