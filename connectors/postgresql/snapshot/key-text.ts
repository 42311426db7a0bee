import type { RowStruct } from '../../../src/cdc/record/row-struct.ts';
import type { Bound } from '../../../src/cdc/snapshot/chunk.ts';
import type { KeyColumn } from '../catalog/relation.ts';
import type { Table } from '../catalog/table-schema.ts';

/** The fields of records that are the columns of a key; null where one is in no record. */
export function fieldsOf({ row }: Table, key: readonly KeyColumn[]): readonly number[] | null {
  const fields = key.map(column => row.fields.findIndex(({ name }) => name === column.name));
  return fields.includes(-1) ? null : fields;
}

/** The text of the key's columns; undefined where the row has not all of them. */
export function keyText(fields: readonly number[], row: RowStruct): Bound | undefined {
  const key: string[] = [];
  for (const field of fields) {
    const holder = row.holder(field);
    const start = holder.start(field);
    if (start < 0) return undefined;
    key.push(holder.bytes.toString('utf8', start, holder.end(field)));
  }
  return key;
}
