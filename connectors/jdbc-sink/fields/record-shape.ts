import type { Schema, StructSchema } from '../../../src/api/index.ts';

/** Shape of a row or a key: its schema, or the member names of a plain object. */
export type Shape = StructSchema | Schema | SchemalessShape;

export class SchemalessShape {
  readonly names: readonly string[];
  constructor(names: readonly string[]) {
    this.names = names;
  }
}

/** Row shapes of changes without a row. */
export const DELETE = new SchemalessShape([]);
export const TRUNCATE = new SchemalessShape([]);
/** Shape of keys that are not written, and of primitive keys without schema. */
export const PRIMITIVE = new SchemalessShape([]);
