import fc from 'fast-check';
import { expect } from 'vitest';
import { columnsOfEveryType, typeDefinitions } from './generate/columns.ts';
import type { Draw } from './generate/index.ts';
import type { TableCopies } from './table-copy.ts';

const ROWS = 12;

/** Modes in which every type keeps its value; the others are in docs/guides/jdbc-sink.md. */
export const modes = fc.record({
  'decimal.handling.mode': fc.constantFrom('precise', 'string'),
  'time.precision.mode': fc.constantFrom('adaptive', 'adaptive_time_microseconds', 'microseconds', 'isostring'),
  'hstore.handling.mode': fc.constantFrom('json', 'map'),
  'interval.handling.mode': fc.constant('string'),
});

/**
 * Copies a table with columns of every type in random modes: snapshot rows, inserted rows, an update and key changes
 * arrive equal. round: number of the table in `copies`, whose source has `typeDefinitions`.
 */
export async function roundTrip(draw: Draw, copies: TableCopies, round: number): Promise<void> {
  const table = `round_${round}`;
  const columns = draw.value(columnsOfEveryType(ROWS));
  const definition = `CREATE TABLE ${table} (id int PRIMARY KEY, v int, ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')})`;
  await copies.source.query(definition);
  const insert = async (from: number) => {
    for (let row = 0; row < ROWS; row++) {
      const places = columns.map(({ type }, i) => `$${i + 1}::text::${type}`).join(', ');
      await copies.source.query(
        `INSERT INTO ${table} VALUES (${from + row}, ${from + row}, ${places})`,
        columns.map(({ values }) => values[row] ?? null),
      );
    }
  };
  await insert(1);
  const copy = await copies.copyTo(`${typeDefinitions}; ${definition}`, [table], { source: draw.value(modes) });
  await copy.awaitValue(table, ROWS, ROWS);
  await insert(101);
  // An update and a key change carry the values of the old row.
  await copies.source.query(`UPDATE ${table} SET id = id + 1000 WHERE id > 106`);
  await copies.source.query(`UPDATE ${table} SET v = 0 WHERE id = 1`);
  await copy.awaitValue(table, 1, 0);
  const there = await copies.rows(table);
  const here = await copy.rows(table);
  expect(here.length).toBe(there.length);
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const different = there.flatMap((row, i) =>
    Object.entries(row).flatMap(([name, value]) =>
      here[i]?.[name] === value ? [] : [`${types.get(name)}: ${value} there, ${here[i]?.[name]} here`],
    ),
  );
  expect(different).toEqual([]);
  await copy.delete();
}
