import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram, run } from '../../src/stack/process/commands.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { servers } from '../support/servers.ts';
import { uniqueName } from '../support/topic.ts';
import { type Config, FileSource, folder, plainName, targets } from './targets.ts';

/** Declarative tools compare the configuration that they read with the one that they sent. */
const draw = generator(import.meta.url);
const script = fileURLToPath(new URL('./programs/apply.py', import.meta.url));
const password = `secret "${uniqueName('')}" = \\ € #`;
let database: TestDatabase;
const role = uniqueName('declared');
beforeAll(async () => {
  database = await createDatabase('declared');
  const quoted = password.replaceAll("'", "''");
  await database.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${quoted}'`);
  await database.query('CREATE TABLE orders (id int PRIMARY KEY, note text)');
  await database.query("INSERT INTO orders VALUES (1, 'one')");
});
afterAll(async () => {
  await database?.drop();
  await using other = await createDatabase('declared');
  await other.query(`DROP ROLE IF EXISTS ${role}`);
});

interface Outcome {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'deleted' | 'refused';
  readonly keys?: readonly string[];
  readonly status?: number;
  readonly message?: string;
}

async function apply(url: string, desired: Readonly<Record<string, Config | null>>): Promise<Record<string, Outcome>> {
  const file = join(folder, `${uniqueName('desired')}.json`);
  await writeFile(file, JSON.stringify(desired));
  return JSON.parse(await run((await findProgram('python3')) ?? 'python3', [script, url, file]));
}

describe.each(targets)('a declarative tool works with $server', ({ url }) => {
  const names = { cdc: uniqueName('cdc'), source: plainName(draw), sink: plainName(draw), jdbc: plainName(draw) };
  const all = (outcome: Outcome['outcome']) =>
    Object.fromEntries(Object.values(names).map(name => [name, { outcome }]));
  let desired: Record<string, Config>;
  beforeAll(async () => {
    const { host, port } = servers().postgres;
    const files = await FileSource.drawn(draw);
    desired = {
      [names.cdc]: {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'plugin.name': 'pgoutput',
        'database.hostname': host,
        'database.port': String(port),
        'database.user': role,
        'database.password': password,
        'database.dbname': database.name,
        'topic.prefix': names.cdc,
        'slot.name': names.cdc,
        'publication.name': names.cdc,
        'table.include.list': 'public.orders',
      },
      [names.source]: { ...files.config, 'transforms.unused': 'kept', transforms: '' },
      [names.sink]: files.sink(),
      [names.jdbc]: {
        'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
        topics: `${names.cdc}.public.orders`,
        'connection.url': `jdbc:postgresql://${host}:${port}/${database.name}`,
        'connection.username': role,
        'connection.password': password,
        'insert.mode': 'upsert',
        'primary.key.mode': 'record_key',
        'schema.evolution': 'basic',
        'table.name.format': `copy_${names.cdc}`,
        // Larger than a Temporal payload may be without being offloaded.
        'field.include.list': Array.from({ length: 3000 }, (_, i) => `some.topic.number.${i}:field`).join(','),
      },
    };
  });
  afterAll(() => apply(url, Object.fromEntries(Object.values(names).map(name => [name, null]))));

  const state = async (name: string) => {
    const answer = await fetch(`${url}/connectors/${encodeURIComponent(name)}/status`);
    const { tasks } = (await answer.json()) as { tasks: { state: string; trace?: string }[] };
    return tasks[0];
  };

  test('applied connectors exist, and applying them again changes nothing', async () => {
    expect(await apply(url, desired)).toEqual(all('created'));
    expect(await apply(url, desired)).toEqual(all('unchanged'));
    for (const name of [names.cdc, names.source, names.sink])
      await eventually(`${name} runs`, async () => (await state(name))?.state === 'RUNNING', { within: 90_000 });
    expect(await apply(url, desired)).toEqual(all('unchanged'));
  });

  test('only a changed connector is updated', async () => {
    desired[names.cdc] = { ...desired[names.cdc], 'max.batch.size': '1024', 'snapshot.fetch.size': '500' };
    const { file: _, ...without } = desired[names.sink] ?? {};
    desired[names.sink] = { ...without, file: join(folder, uniqueName('other')) };
    expect(await apply(url, desired)).toEqual({
      ...all('unchanged'),
      [names.cdc]: { outcome: 'updated', keys: ['max.batch.size', 'snapshot.fetch.size'] },
      [names.sink]: { outcome: 'updated', keys: ['file'] },
    });
    expect(await apply(url, desired)).toEqual(all('unchanged'));
  });

  test('a changed password is an update; the same password is not', async () => {
    const { [names.jdbc]: sink = {} } = desired;
    const other = { ...sink, 'connection.password': 'another password' };
    const outcome = (config: Config) => apply(url, { [names.jdbc]: config });
    expect(await outcome(other)).toEqual({
      [names.jdbc]: { outcome: 'updated', keys: ['connection.password'] },
    });
    expect(await outcome(other)).toEqual({ [names.jdbc]: { outcome: 'unchanged' } });
    await outcome(sink);
    expect(await apply(url, desired)).toEqual(all('unchanged'));
  });

  test('a rejected configuration is reported, and the connector remains unchanged', async () => {
    const refused = await apply(url, { [names.source]: { ...desired[names.source], 'tasks.max': 'many' } });
    expect(refused).toEqual({
      [names.source]: {
        outcome: 'refused',
        status: 400,
        message: expect.stringContaining('Invalid value many for configuration tasks.max'),
      },
    });
    expect(await apply(url, desired)).toEqual(all('unchanged'));
  });

  test('a removed connector is gone, and can be applied again', async () => {
    expect(await apply(url, { [names.source]: null })).toEqual({ [names.source]: { outcome: 'deleted' } });
    expect(await apply(url, { [names.source]: null })).toEqual({ [names.source]: { outcome: 'unchanged' } });
    expect(await apply(url, desired)).toEqual({ ...all('unchanged'), [names.source]: { outcome: 'created' } });
    expect(await apply(url, desired)).toEqual(all('unchanged'));
  });
});
