import type { Struct, StructSchema, Value } from '../../../src/api/index.ts';
import { DataError, messageOf } from '../../../src/errors.ts';

/** What the driver hands out of a column, nothing parsed: PostgreSQL text, MySQL and MariaDB bytes. */
export type Cell = string | Buffer | null;
export type Cells = readonly Cell[];
/** Throws for what the column's schema cannot hold; null for MySQL's zero dates where the URL asks for that. */
export type Decode = (cell: string | Buffer) => Value;

/** A row whose values are made when they are asked for. What cannot be made is a DataError of this record alone. */
export class RowStruct implements Struct {
  readonly schema: StructSchema;
  /** Cells of the columns, followed by those of the mode's offset. */
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
      throw new DataError(`${this.#name(index)}: ${messageOf(error)}`, { cause: error });
    }
    if (value === null && this.schema.fields[index]?.schema.optional === false)
      throw new DataError(`${this.#name(index)} is not null, and its value stands for nothing`);
    return value;
  }

  #name(index: number): string {
    return `column ${this.schema.fields[index]?.name} of ${this.schema.name ?? 'the query'}`;
  }
}
