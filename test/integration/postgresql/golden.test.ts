import { afterAll, describe, expect, test } from 'vitest';
import type { SourceRecord } from '../../../src/api/index.ts';
import { DataError } from '../../../src/errors.ts';
import { createDatabase } from '../../support/database.ts';
import { Committed } from '../../support/source-task.ts';
import { type Cell, cellDifferences, type Difference, schemaDifferences } from './debezium-differences.ts';
import { type GoldenRecord, type GoldenValue, golden, inKafka, type Row, runScript, type Shape } from './golden.ts';
import { openTask, propsOf } from './harness.ts';

const unused = new Set<Difference>([...cellDifferences, ...schemaDifferences]);

afterAll(() => expect([...unused].map(({ reason }) => reason)).toEqual([]));

/** Tables for which Debezium intentionally writes other records than Millrace. */
const partitions = ['golden.public.t_part', 'golden.public.t_part_eu', 'golden.public.t_part_us'];

const REFUSED = 'refused';

interface Mine {
  readonly record: SourceRecord;
  readonly key: ReturnType<typeof inKafka>;
  readonly value: ReturnType<typeof inKafka> | typeof REFUSED;
}

/** Records of the connector for the same script, by topic; names are as in the golden records. */
async function record(config: Readonly<Record<string, string>>): Promise<Map<string, Mine[]>> {
  await using db = await createDatabase('golden');
  const client = await db.client();
  await runScript(client, 'schema.sql');
  await runScript(client, 'rows.sql', 0);
  const committed = new Committed();
  const props = {
    ...propsOf(db),
    'publication.autocreate.mode': 'all_tables',
    ...config,
    'heartbeat.interval.ms': '0',
  };
  await using task = await openTask(props, committed);
  await task.until(() => committed.get({ server: db.name })?.['snapshot_completed'] === true);
  await runScript(client, 'rows.sql', 100);
  await runScript(client, 'changes.sql');
  await task.until(() =>
    committed.records.some(({ topic, key }) => topic.endsWith('.message') && prefixOf(key) === 'direct'),
  );
  const renamed = (json: unknown) => JSON.parse(JSON.stringify(json).replaceAll(db.name, 'golden'));
  return Map.groupBy(
    committed.records.map(one => ({
      record: one,
      key: renamed(inKafka(one, 'key')),
      value: renamed(convertedValue(one, config)),
    })),
    ({ record: { topic } }) => topic.replaceAll(db.name, 'golden'),
  );
}

/** REFUSED for a timestamp outside of the range of nanoseconds: it is null there. */
function convertedValue(
  one: SourceRecord,
  config: Readonly<Record<string, string>>,
): ReturnType<typeof inKafka> | typeof REFUSED {
  try {
    return inKafka(one, 'value');
  } catch (error) {
    if (error instanceof DataError && config['time.precision.mode'] === 'nanoseconds') return REFUSED;
    throw error;
  }
}

const prefixOf = (key: SourceRecord['key']) => (key as { at(i: number): unknown }).at(0);

describe.each(Object.keys(golden))('records equal those of Debezium 3.7: %s', variant => {
  const { config, schemas, records } = golden[variant] as (typeof golden)[string];

  test('keys, values and schemas are equal except for intended differences', async () => {
    const mine = await record(config);
    const problems: string[] = [];
    const theirs = Map.groupBy(records, ({ topic }) => topic);
    const topics = new Set([...theirs.keys(), ...mine.keys()]);
    for (const topic of topics) {
      if (topic.startsWith('__debezium-heartbeat')) continue;
      const there = withoutEmptyTombstones(theirs.get(topic) ?? []);
      const here = mine.get(topic) ?? [];
      if (partitions.includes(topic) && checkPartitions(topic, there, here, config)) continue;
      if (variant === 'nanos') here.length = Math.min(here.length, there.length);
      if (there.length !== here.length)
        problems.push(`${topic}: ${there.length} records in Debezium, ${here.length} in Millrace`);
      for (const [i, one] of there.entries())
        if (here[i] !== undefined) compare(variant, topic, one, here[i] as Mine, problems);
    }
    expect(problems).toEqual([]);
  });

  /** Keyless tables get no tombstones. */
  function withoutEmptyTombstones(list: readonly GoldenRecord[]): GoldenRecord[] {
    return list.filter(({ key, value }) => key !== null || value !== null);
  }

  /** Debezium's snapshot reads a partitioned table and its partitions; Millrace reads the tables of the stream. */
  function checkPartitions(
    topic: string,
    there: readonly GoldenRecord[],
    here: readonly Mine[],
    { 'publish.via.partition.root': viaRoot }: Readonly<Record<string, string>>,
  ): boolean {
    const streamed = (topic === 'golden.public.t_part') === (viaRoot === 'true');
    if (streamed) return false;
    expect(there.every(({ value }) => value?.op === 'r')).toBe(true);
    expect(here).toEqual([]);
    return true;
  }

  function compare(variantName: string, topic: string, there: GoldenRecord, here: Mine, problems: string[]): void {
    if (here.value === REFUSED) return;
    const table = topic.split('.').at(-1) as string;
    const value = here.value?.payload as (GoldenValue & { source?: { snapshot?: string } }) | undefined;
    const at = `${topic} ${there.value?.op ?? 'tombstone'} ${JSON.stringify(there.key)}`;
    const check = (what: string, a: unknown, b: unknown) => {
      if (JSON.stringify(a) !== JSON.stringify(b))
        problems.push(`${at} ${what}: there ${JSON.stringify(a)}, here ${JSON.stringify(b)}`);
    };
    const ofTransaction = topic.endsWith('.transaction');
    if (!ofTransaction) check('key', there.key, here.key?.payload ?? null);
    check('key schema', there.keySchema === undefined ? undefined : schemas[there.keySchema], here.key?.schema);
    check('headers', Object.keys(there.headers ?? {}).sort(), here.record.headers.map(({ key }) => key).sort());
    if (there.value === null || value === undefined) {
      check('null', there.value === null, value === undefined);
      return;
    }
    const shape = schemas[there.valueSchema as number] as Shape;
    check('envelope', withoutRows(shape), withoutRows(here.value?.schema as Shape));
    check('op', there.value.op, value.op);
    if (there.value.snapshot !== undefined) check('snapshot', there.value.snapshot, value.source?.snapshot);
    const cell = {
      variant: variantName,
      table,
      op: there.value.op ?? '',
      id: there.value.after?.['id'] ?? there.value.before?.['id'],
    };
    eachField(columnsOf(shape), columnsOf(here.value?.schema as Shape), (column, a, b) =>
      explain({ ...cell, column, there: a, here: b }, schemaDifferences, `${at} schema`, problems),
    );
    for (const side of ['before', 'after'] as const) {
      check(side, (there.value[side] ?? null) ? 'row' : null, (value[side] ?? null) ? 'row' : null);
      eachField(there.value[side] ?? {}, value[side] ?? {}, (column, a, b) =>
        explain({ ...cell, column, there: a, here: b }, cellDifferences, `${at} ${side}`, problems),
      );
    }
  }

  function explain(cell: Cell, list: readonly Difference[], at: string, problems: string[]): void {
    const explanation = list.find(difference => difference.explains(cell));
    if (explanation === undefined)
      problems.push(`${at}.${cell.column}: there ${JSON.stringify(cell.there)}, here ${JSON.stringify(cell.here)}`);
    else unused.delete(explanation);
  }
});

/** Calls back with each field that differs. */
function eachField(a: Row, b: Row, call: (name: string, a: unknown, b: unknown) => void): void {
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)]))
    if (JSON.stringify(a[name]) !== JSON.stringify(b[name])) call(name, a[name], b[name]);
}

const rowsOf = ({ fields }: Shape): Shape | undefined => fields?.find(({ field }) => field === 'after');

const columnsOf = (shape: Shape): Row =>
  Object.fromEntries((rowsOf(shape)?.fields ?? []).map(column => [column.field, column]));

function withoutRows(shape: Shape): unknown {
  return {
    ...shape,
    fields: shape.fields?.map(one => (/^(before|after)$/.test(one.field ?? '') ? { ...one, fields: [] } : one)),
  };
}
