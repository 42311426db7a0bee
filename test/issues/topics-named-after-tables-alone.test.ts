import { expect, test } from 'vitest';
import { createDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { debeziumSource } from '../support/table-connectors.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** `topic.naming.strategy` and its delimiter name topics and schemas as in Debezium. */
const draw = generator(import.meta.url);
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

test('the default strategy omits the schema from names', async () => {
  await using source = await createDatabase('naming');
  await using worker = await TestWorker.start('naming');
  const [schema, table, name] = [draw.schema(), draw.table(), draw.connectorName()];
  await source.query(`CREATE SCHEMA ${quoted(schema)}`);
  await source.query(`CREATE TABLE ${quoted(schema)}.${quoted(table)} AS SELECT 1 AS id`);
  const json = 'org.apache.kafka.connect.json.JsonConverter';
  await worker.create(name, {
    ...debeziumSource(source),
    'topic.naming.strategy': 'io.debezium.schema.DefaultTopicNamingStrategy',
    'topic.delimiter': '_',
    'value.converter': json,
  });
  const topic = `${source.name}_${table.replace(/[^A-Za-z0-9._-]/gu, character => '_'.repeat(character.length))}`;
  const [record] = await eventually(`${topic} has the row`, async () => {
    const records = await topicRecords(topic);
    return records.length > 0 ? records : undefined;
  });
  const { schema: written } = JSON.parse(record?.value ?? '') as { schema: { name: string } };
  expect(written.name).toBe(`${topic}.Envelope`);
});
