import { expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { columnsOfEveryType, type GeneratedColumn, typeDefinitions } from '../support/generate/columns.ts';
import type { Draw } from '../support/generate/index.ts';
import { rowTexts } from '../support/table-copy.ts';

/**
 * A table `typed` with columns of every type and array type, and a column of large values that updates leave unchanged
 * and do not send. Its rows are inserted, updated in part or in full, moved to other keys and deleted, with random
 * values.
 */
const SAMPLES = 16;
const LARGE = 'large_';

const listOf = (columns: readonly GeneratedColumn[]): string => [LARGE, ...columns.map(({ name }) => name)].join(', ');

/** Statements that create the types and the table in both databases. */
const definition = (columns: readonly GeneratedColumn[]): string => `
  ${typeDefinitions};
  CREATE TABLE typed (id bigint PRIMARY KEY, version int NOT NULL, ${LARGE} text,
    ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')});
  ALTER TABLE typed ALTER COLUMN ${LARGE} SET STORAGE EXTERNAL`;

/** Generates columns and values, and creates the tables: filled at the source, empty at the target. */
export async function createTyped(draw: Draw, source: TestDatabase, target: TestDatabase): Promise<void> {
  const columns = draw.value(columnsOfEveryType(SAMPLES));
  const list = listOf(columns);
  for (const database of [source, target]) await database.query(definition(columns));
  await source.query('CREATE TABLE samples (LIKE typed)');
  const places = columns.map(({ type }, i) => `$${i + 2}::text::${type}`).join(', ');
  for (let n = 0; n < SAMPLES; n++)
    await source.query(
      `INSERT INTO samples (id, version, ${list}) VALUES ($1::int, 0, repeat(md5($1::int::text), 100 * $1::int), ${places})`,
      [n, ...columns.map(({ values }) => values[n] ?? null)],
    );
  await source.query(`
    CREATE PROCEDURE change_typed(first bigint, transactions int) LANGUAGE plpgsql AS $$
    BEGIN
      FOR txn IN first .. first + transactions - 1 LOOP
        INSERT INTO typed (id, version, ${list}) SELECT txn, 0, ${list} FROM samples WHERE id = txn % ${SAMPLES};
        UPDATE typed SET version = version + 1 WHERE id = txn - 1;
        COMMIT;
        UPDATE typed SET version = version + 1, (${list}) = (SELECT ${list} FROM samples WHERE id = (txn * 7) % ${SAMPLES})
          WHERE id = txn - 2;
        UPDATE typed SET id = -id WHERE id = txn - 3 AND id % 3 = 0;
        DELETE FROM typed WHERE id = txn - 4 AND id % 2 = 0;
        COMMIT;
      END LOOP;
    END $$`);
  await source.query(`CALL change_typed(1, ${3 * SAMPLES})`);
}

/** Waits until every column of every row is equal in both databases. */
export async function verifyTyped(source: TestDatabase, target: TestDatabase): Promise<void> {
  const sourceRows = await rowTexts(source, 'typed');
  expect(sourceRows.length).toBeGreaterThan(0);
  let different: unknown[] = [];
  await eventually(
    'typed is equal in both databases',
    async () => {
      const targetRows = await rowTexts(target, 'typed');
      different = differences(sourceRows, targetRows);
      return different.length === 0;
    },
    { within: 60_000, every: 500 },
  ).catch((error: unknown) => expect(different, String(error)).toEqual([]));
}

function differences(there: readonly Row[], here: readonly Row[]): unknown[] {
  const rows = new Map(here.map(row => [row['id'], row]));
  const different: unknown[] = here.length === there.length ? [] : [{ rows: there.length, here: here.length }];
  for (const row of there)
    for (const [column, value] of Object.entries(row)) {
      const other = rows.get(row['id'] ?? null)?.[column];
      if (other !== value) different.push({ id: row['id'], column, value, here: other });
    }
  return different.slice(0, 10);
}

type Row = Readonly<Record<string, string | null>>;
