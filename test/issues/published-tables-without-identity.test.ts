import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTask, propsOf } from '../integration/postgresql/harness.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { quoted } from '../support/generate/identifiers.ts';
import { generator } from '../support/generate/index.ts';
import { Committed } from '../support/source-task.ts';

/** A publication makes the server reject UPDATE and DELETE on tables without a replica identity. */
const draw = generator(import.meta.url);
let db: TestDatabase;
const [keyed, keyless, deferred, unique, full, nothing, lost, partitioned, later] = Array.from({ length: 9 }, () =>
  quoted(draw.table()),
) as [string, string, string, string, string, string, string, string, string];
const schema = quoted(draw.schema());
const column = quoted(draw.column());
beforeAll(async () => {
  db = await createDatabase('identity');
  const create = (table: string, definition: string) =>
    db.query(`CREATE TABLE ${schema}.${table} (${column} int ${definition})`);
  await db.query(`CREATE SCHEMA ${schema}`);
  await create(keyed, 'PRIMARY KEY');
  await create(keyless, '');
  await create(deferred, 'PRIMARY KEY DEFERRABLE');
  await create(unique, 'NOT NULL UNIQUE');
  for (const table of [full, nothing]) await create(table, table === nothing ? 'PRIMARY KEY' : '');
  await db.query(`ALTER TABLE ${schema}.${full} REPLICA IDENTITY FULL`);
  await db.query(`ALTER TABLE ${schema}.${nothing} REPLICA IDENTITY NOTHING`);
  await create(lost, 'NOT NULL');
  await db.query(`CREATE UNIQUE INDEX lost_index ON ${schema}.${lost} (${column})`);
  await db.query(`ALTER TABLE ${schema}.${lost} REPLICA IDENTITY USING INDEX lost_index`);
  await db.query(`DROP INDEX ${schema}.lost_index`);
  await db.query(`CREATE TABLE ${schema}.${partitioned} (${column} int) PARTITION BY LIST (${column})`);
  await db.query(`CREATE TABLE ${schema}.leaf PARTITION OF ${schema}.${partitioned} DEFAULT`);
});
afterAll(() => db?.drop());

/** Published tables on which the server rejects UPDATE and DELETE. */
async function refused(): Promise<string[]> {
  const names: string[] = [];
  for (const table of [keyed, keyless, deferred, unique, full, nothing, lost, 'leaf', later])
    await db.query(`UPDATE ${schema}.${table} SET ${column} = 1`).catch(({ message }) => {
      if (!/does not exist/.test(message)) names.push(`${schema}.${table === 'leaf' ? '"leaf"' : table}`);
    });
  return names.sort();
}

test.each(['false', 'true'])('tables are named with a remedy; via root: %s', async viaRoot => {
  const committed = new Committed();
  await using task = await openTask(
    // Only one is captured: a publication of all tables includes the others.
    propsOf(db, {
      'publication.autocreate.mode': 'all_tables',
      'publication.name': `p_${viaRoot}`,
      'slot.name': `${db.name.slice(0, 50)}_${viaRoot}`,
      'publish.via.partition.root': viaRoot,
      'table.include.list': `.*leaf`,
    }),
    committed,
  );
  const warned = () =>
    task.warnings
      .filter(({ message }) => /refuses UPDATE and DELETE/.test(message))
      .flatMap(({ fields }) => fields['tables']);
  const expected = [keyless, deferred, unique, nothing, lost, '"leaf"'].map(table => `${schema}.${table}`).sort();
  expect(await refused()).toEqual(expect.arrayContaining(expected));
  expect(warned().sort()).toEqual(await refused());
  const [{ message } = { message: '' }] = task.warnings.filter(({ message: text }) => /refuses UPDATE/.test(text));
  for (const name of await refused()) expect(message).toContain(`ALTER TABLE ${name} REPLICA IDENTITY FULL`);
  await task.until(() => String(task.figures['TablesWithoutReplicaIdentity'] ?? '').startsWith(`${expected.length}: `));

  // A table that is created later is named with its first row.
  await task.until(() => task.task.caughtUp?.() === true);
  await db.query(`CREATE TABLE ${schema}.${later} (${column} int)`);
  await db.query(`INSERT INTO ${schema}.${later} VALUES (1)`);
  await task.until(() => warned().includes(`${schema}.${later}`));
  expect(warned().sort()).toEqual(await refused());
  await db.query(`DROP TABLE ${schema}.${later}; DROP PUBLICATION p_${viaRoot}`);
});

test('a publication of inserts only rejects nothing', async () => {
  await db.query("CREATE PUBLICATION insertions FOR ALL TABLES WITH (publish = 'insert')");
  const committed = new Committed();
  await using task = await openTask(
    propsOf(db, { 'publication.name': 'insertions', 'table.include.list': '.*leaf' }),
    committed,
  );
  expect(await refused()).toEqual([]);
  expect(task.warnings.map(({ message }) => message).filter(text => /refuses UPDATE/.test(text))).toEqual([]);
});

test('a column list or a row filter that requires another replica identity is named', async () => {
  const names = ['list', 'filtered', 'both', 'good', 'full', 'rooted'] as const;
  await db.query('CREATE SCHEMA parts');
  for (const name of names.slice(0, 5))
    await db.query(`CREATE TABLE parts.${name} (id int PRIMARY KEY, ${column} int, other int)`);
  await db.query(`CREATE TABLE parts.rooted (id int PRIMARY KEY, ${column} int, other int) PARTITION BY LIST (id)`);
  await db.query('CREATE TABLE parts.leaf PARTITION OF parts.rooted DEFAULT');
  await db.query('ALTER TABLE parts.full REPLICA IDENTITY FULL');
  await db.query(
    `CREATE PUBLICATION parts FOR TABLE parts.list (${column}), parts.filtered WHERE (${column} > 1 AND id > 0),
       parts.both (other) WHERE (other > 1), parts.good (id, ${column}) WHERE (id > 1), parts.full WHERE (other > 1),
       parts.rooted WHERE (other > 1) WITH (publish_via_partition_root = true)`,
  );
  await using task = await openTask(
    propsOf(db, {
      'publication.name': 'parts',
      'publication.autocreate.mode': 'disabled',
      'slot.name': `${db.name.slice(0, 50)}_parts`,
      'schema.include.list': 'parts',
    }),
    new Committed(),
  );
  const refusedTables: string[] = [];
  for (const name of [...names.slice(0, 5), 'leaf'])
    await db.query(`UPDATE parts.${name} SET other = 1`).catch(() => refusedTables.push(`"parts"."${name}"`));
  expect(refusedTables).toHaveLength(4);
  const [warning] = task.warnings.filter(({ message }) => /column list must have all columns/.test(message));
  expect(warning?.fields['tables']).toEqual(refusedTables.sort());
  await db.query('DROP PUBLICATION parts');
});
