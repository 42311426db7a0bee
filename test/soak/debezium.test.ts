import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { differences } from '../support/debezium-comparison.ts';
import { eventually } from '../support/eventually.ts';
import { columnsOfEveryType, type GeneratedColumn, typeDefinitions } from '../support/generate/columns.ts';
import { generator } from '../support/generate/index.ts';
import { startKafkaConnect } from '../support/kafka-connect.ts';
import { servers } from '../support/servers.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { uniqueName } from '../support/topic.ts';
import { type TopicRecord, topicRecords, topicsWithPrefix } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

const ROUNDS = Number(process.env['MILLRACE_ROUNDS'] ?? 20);
const ROWS = 10;
const draw = generator(import.meta.url);

const modes = fc.record({
  'decimal.handling.mode': fc.constantFrom('precise', 'string', 'double'),
  // The other modes cause record errors: see the tests of the golden records.
  'time.precision.mode': fc.constantFrom('adaptive', 'adaptive_time_microseconds', 'microseconds', 'isostring'),
  'hstore.handling.mode': fc.constantFrom('json', 'map'),
  'interval.handling.mode': fc.constantFrom('string', 'numeric'),
  'binary.handling.mode': fc.constantFrom('bytes', 'base64', 'base64-url-safe', 'hex'),
  'money.fraction.digits': fc.constantFrom('2', '0', '1', '4'),
  'topic.delimiter': fc.constantFrom('.', '_'),
  'topic.naming.strategy': fc.constantFrom(
    'io.debezium.schema.SchemaTopicNamingStrategy',
    'io.debezium.schema.DefaultTopicNamingStrategy',
  ),
  'tombstones.on.delete': fc.constantFrom('true', 'false'),
  'schema.name.adjustment.mode': fc.constantFrom('none', 'avro'),
  'field.name.adjustment.mode': fc.constantFrom('none', 'avro'),
  'provide.transaction.metadata': fc.constantFrom('true', 'false'),
  'skipped.operations': fc.constantFrom('none', 't', 'd', 'c', 'u', 't,d'),
  // Messages of Millrace, which runs on the same database.
  'message.prefix.exclude.list': fc.constant('millrace\\..*'),
});

/** MILLRACE_ROUNDS: number of tables with a column of every type, each with random modes. */
test('generated tables and changes give the same records in Debezium and Millrace', { timeout: 0 }, async () => {
  await using source = await createDatabase('debezium');
  await source.query(typeDefinitions);
  const group = uniqueName('debezium');
  await using connect = await startKafkaConnect(servers().kafka, group);
  await using worker = await TestWorker.start(group);
  const counts = new Map<string, number>();
  let compared = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const config = draw.value(modes);
    const names = { debezium: `there_${group}_${round}`, millrace: `here_${group}_${round}` };
    const table = await Table.create(source, `round_${round}`);
    await table.insert(1);
    const settings = { ...json, ...config, 'plugin.name': 'pgoutput', 'table.include.list': `public.${table.name}` };
    await create(connect.url, names.debezium, { ...debeziumSource(source, names.debezium), ...settings });
    await create(worker.url, names.millrace, { ...debeziumSource(source, names.millrace), ...settings });
    const both = async (what: string, id: number, count: number) => {
      for (const [prefix, { url }] of [
        [names.debezium, connect],
        [names.millrace, worker],
      ] as const)
        await eventually(
          `${prefix} has ${what}`,
          async () => {
            const state = await (await fetch(`${url}/connectors/${prefix}/status`)).text();
            if (/"FAILED"/.test(state)) throw new Error(state);
            return withKey(await recordsOf(prefix), id) === count;
          },
          { within: 90_000 },
        );
    };
    await both('the snapshot', ROWS, 1);
    const slots = [names.debezium, names.millrace];
    await eventually(
      'both stream',
      async () =>
        (await source.query('SELECT 1 FROM pg_replication_slots WHERE active AND slot_name = ANY($1)', [slots]))
          .length === 2,
      { within: 60_000 },
    );
    await table.change();
    const skipped = config['skipped.operations'].split(',');
    await both('the last row', LAST, ['c', 'u'].filter(operation => !skipped.includes(operation)).length);
    const [debezium, millrace] = [await recordsOf(names.debezium), await recordsOf(names.millrace)];
    const mismatches: string[] = [];
    if (String([...debezium.keys()]) !== String([...millrace.keys()]))
      mismatches.push(`unexplained: topics ${[...debezium.keys()]} in Debezium, ${[...millrace.keys()]} in Millrace`);
    for (const [topic, all] of debezium) {
      const list = withoutEmptyTransactions(all);
      const mine = millrace.get(topic) ?? [];
      if (list.length !== mine.length)
        mismatches.push(`unexplained: ${list.length} records in ${topic} from Debezium, ${mine.length} from Millrace`);
      for (const [i, record] of list.entries()) {
        compared++;
        mismatches.push(...compareRecords(record, mine[i] ?? { key: null, value: null }, table.types, config));
      }
    }
    for (const each of mismatches) counts.set(each, (counts.get(each) ?? 0) + 1);
    const unexplained = mismatches.filter(each => each.startsWith('unexplained'));
    console.log(`round ${round}: ${compared} records so far; ${JSON.stringify(config)}`);
    if (unexplained.length > 0) console.log([...new Set(unexplained)].slice(0, 12).join('\n'));
    await fetch(`${connect.url}/connectors/${names.debezium}`, { method: 'DELETE' });
    await fetch(`${worker.url}/connectors/${names.millrace}`, { method: 'DELETE' });
    await eventually(
      'the slots are dropped',
      async () =>
        (await source.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ANY($1)',
          [slots],
        )) !== undefined,
      { within: 30_000 },
    );
  }
  console.log(
    `${compared} records, differences by reason:\n${[...counts]
      .filter(([reason]) => !reason.startsWith('unexplained'))
      .map(([reason, count]) => `${count} ${reason}`)
      .join('\n')}`,
  );
  expect([...counts.keys()].filter(reason => reason.startsWith('unexplained'))).toEqual([]);
});

const LAST = 5000;
const json = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

/** A table with a column of every type and array type. */
class Table {
  readonly name: string;
  readonly types: ReadonlyMap<string, string>;
  readonly #columns: readonly GeneratedColumn[];
  readonly #source: TestDatabase;

  private constructor(source: TestDatabase, name: string, columns: readonly GeneratedColumn[]) {
    this.name = name;
    this.types = new Map(columns.map(column => [column.name, column.type]));
    this.#columns = columns;
    this.#source = source;
  }

  static async create(source: TestDatabase, name: string): Promise<Table> {
    const columns = draw.value(columnsOfEveryType(ROWS));
    const definitions = columns.map(column => `${column.name} ${column.type}`).join(', ');
    await source.query(`CREATE TABLE ${name} (id int PRIMARY KEY, v int, ${definitions})`);
    await source.query(`ALTER TABLE ${name} REPLICA IDENTITY ${draw.value(fc.constantFrom('FULL', 'DEFAULT'))}`);
    return new Table(source, name, columns);
  }

  async insert(from: number): Promise<void> {
    const places = this.#columns.map(({ type }, i) => `$${i + 1}::text::${type}`).join(', ');
    for (let row = 0; row < ROWS; row++)
      await this.#source.query(
        `INSERT INTO ${this.name} VALUES (${from + row}, ${from + row}, ${places})`,
        this.#columns.map(({ values }) => values[row] ?? null),
      );
  }

  /** Inserts, updates, changes keys, deletes and truncates, and finally inserts a row with the key LAST. */
  async change(): Promise<void> {
    await this.insert(101);
    const { name } = this;
    await this.#source.query(
      `BEGIN; UPDATE ${name} SET id = id + 1000 WHERE id > 106; UPDATE ${name} SET v = 0 WHERE id = 1; COMMIT`,
    );
    await this.#source.query(`DELETE FROM ${name} WHERE id = 3`);
    await this.#source.query(`TRUNCATE ${name}`);
    await this.#source.query(
      `BEGIN; INSERT INTO ${name} (id) VALUES (${LAST}); UPDATE ${name} SET v = 1 WHERE id = ${LAST}; COMMIT`,
    );
  }
}

async function create(url: string, name: string, config: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(`${url}/connectors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, config }),
  });
  expect(answer.status, await answer.text()).toBe(201);
}

/** Records by topic, in the order of topic names, with PREFIX in place of the connector's topic prefix. */
async function recordsOf(prefix: string): Promise<Map<string, TopicRecord[]>> {
  const neutral = (text: string | null) => text?.replaceAll(prefix, 'PREFIX') ?? null;
  const topics = (await topicsWithPrefix(prefix)).toSorted();
  const recordsByTopic = new Map<string, TopicRecord[]>();
  for (const topic of topics)
    recordsByTopic.set(
      neutral(topic) ?? '',
      (await topicRecords(topic)).map(({ key, value }) => ({ key: neutral(key), value: neutral(value) })),
    );
  return recordsByTopic;
}

/**
 * Debezium also writes BEGIN and END of transactions without captured changes, such as those of Millrace's own
 * messages.
 */
function withoutEmptyTransactions(records: readonly TopicRecord[]): readonly TopicRecord[] {
  const empty = new Set<number>();
  for (const [i, { value }] of records.entries())
    if (value !== null && JSON.parse(value).payload?.event_count === 0) empty.add(i - 1).add(i);
  return records.filter((_, i) => !empty.has(i));
}

const withKey = (records: ReadonlyMap<string, TopicRecord[]>, id: number): number =>
  [...records.values()].flat().filter(({ key }) => key !== null && JSON.parse(key).payload?.id === id).length;

function compareRecords(
  debezium: TopicRecord,
  millrace: TopicRecord,
  types: ReadonlyMap<string, string>,
  config: Readonly<Record<string, string>>,
): string[] {
  const isOfTransaction = debezium.key?.includes('TransactionMetadataKey') === true;
  const mismatches =
    debezium.key === millrace.key
      ? []
      : isOfTransaction && config['skipped.operations'] !== 'none'
        ? ['transaction ids with skipped operations']
        : [`unexplained: key ${debezium.key} in Debezium, ${millrace.key} in Millrace`];
  if (debezium.value === null || millrace.value === null)
    return debezium.value === millrace.value
      ? mismatches
      : [
          ...mismatches,
          `unexplained: ${debezium.value?.slice(0, 100)} in Debezium, ${millrace.value?.slice(0, 100)} in Millrace`,
        ];
  return [
    ...mismatches,
    ...differences({ debezium: JSON.parse(debezium.value), millrace: JSON.parse(millrace.value) }, types, config),
  ];
}
