import { type Schema, schemaOf } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import type { InstantFields } from '../config/settings.ts';
import { MICRO_INSTANT, NANO_INSTANT } from '../values/kinds.ts';

/**
 * Replaces the schemas of the fields of timestamp.fields.list by micro- or nanoseconds since 1970. Throws DataError for a
 * field that is neither int64 nor string.
 */
export function withInstants<F extends { readonly name: string; readonly schema: Schema | null }>(
  fields: readonly F[],
  { names, unit }: InstantFields,
): readonly F[] {
  if (names.size === 0) return fields;
  const name = unit === 'nanoseconds' ? NANO_INSTANT : MICRO_INSTANT;
  return fields.map(field => {
    if (!names.has(field.name)) return field;
    const { schema } = field;
    if (schema !== null && schema.type !== 'int64' && schema.type !== 'string')
      throw new DataError(
        `timestamp.fields.list names the field ${field.name}, which is ${schema.type}: it must be int64 or string`,
      );
    const optional = schema?.optional !== false;
    return { ...field, schema: schemaOf(schema?.type ?? 'int64', { optional, name }) };
  });
}
