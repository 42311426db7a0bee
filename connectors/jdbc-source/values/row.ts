import type { Struct, StructSchema, Value } from '../../../src/api/index.ts';
import { DataError, messageOf } from '../../../src/errors.ts';

/** Unparsed value of a driver: text from PostgreSQL, bytes from MySQL and MariaDB. */
export type Cell = string | Buffer | null;
export type Cells = readonly Cell[];
/** Decodes a cell. Throws Error for values that the schema cannot represent; returns null for zero dates if configured. */
export type Decode = (cell: string | Buffer) => Value;

/** A row whose values are decoded on access. Throws DataError for a value that cannot be decoded. */
export class RowStruct implements Struct {
  readonly schema: StructSchema;
  /** Cells of the columns, followed by those of the mode's columns. */
  readonly cells: Cells;
  readonly #decoders: readonly Decode[];

  constructor(schema: StructSchema, cells: Cells, decoders: readonly Decode[]) {
    this.schema = schema;
    this.cells = cells;
    this.#decoders = decoders;
  }

  at(index: number): Value {
    const cell = this.cells[index] ?? null;
    if (cell === null) return null;
    let value: Value;
    try {
      value = (this.#decoders[index] as Decode)(cell);
    } catch (error) {
      throw new DataError(`${this.#columnName(index)}: ${messageOf(error)}`, { cause: error });
    }
    if (value === null && this.schema.fields[index]?.schema.optional === false)
      throw new DataError(`${this.#columnName(index)} is NOT NULL, and its value is read as null`);
    return value;
  }

  #columnName(index: number): string {
    return `column ${this.schema.fields[index]?.name} of ${this.schema.name ?? 'the query'}`;
  }
}
