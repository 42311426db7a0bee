import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaOf, structOf, ValueStruct } from '../../src/api/index.ts';
import type { KafkaClient } from '../../src/kafka/port.ts';
import { record, TestSink } from '../integration/elasticsearch-sink/sink.ts';
import { createDatabase } from '../support/database.ts';
import { TestIndex } from '../support/elasticsearch.ts';
import { eventually } from '../support/eventually.ts';
import { generator } from '../support/generate/index.ts';
import { createMariadb } from '../support/mariadb.ts';
import { produce, testKafka } from '../support/produce.ts';
import { appendingSink, idsOf, numberedObjects, range } from '../support/table-connectors.ts';
import { uniqueName } from '../support/topic.ts';
import { topicRecords } from '../support/topic-records.ts';
import { TestWorker } from '../support/worker.ts';

/** Servers whose disk or memory is full for a while: no record counts as bad, and no task needs a restart. */
const draw = generator(import.meta.url);
const schema = structOf({ n: schemaOf('int32') });
const value = new ValueStruct(schema, [1]);
let worker: TestWorker;
let kafka: KafkaClient;
beforeAll(async () => {
  kafka = testKafka();
  worker = await TestWorker.start('room');
});
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await kafka?.close();
});

/** Waits until the task has failed for this reason and will be retried. */
const isTriedAgain = (name: string, reason: string) =>
  eventually(
    `${name} is retried after ${reason}`,
    async () => {
      const task = await worker.task(name);
      expect(task?.state).not.toBe('FAILED');
      return task?.last_failure?.includes(reason);
    },
    { within: 20_000 },
  );

test('a task waits for a PostgreSQL without space for rows', async () => {
  await using db = await createDatabase('room');
  await db.query('CREATE TABLE rows (id int); CREATE TABLE refusal (state text)');
  await db.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE refused text := (SELECT state FROM refusal);
    BEGIN
      IF refused IS NOT NULL THEN RAISE 'no room' USING ERRCODE = refused; END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER refusing BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const [name, topic, letters] = [draw.sinkName(), draw.topic(), uniqueName('letters')];
  await kafka.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1 }]);
  await worker.create(name, {
    ...appendingSink(db, topic, 'rows'),
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': letters,
    'errors.deadletterqueue.topic.replication.factor': '1',
  });
  await worker.awaitState(name, 'RUNNING');
  const states = ['53100', '58030'];
  for (const [i, state] of states.entries()) {
    await db.query('INSERT INTO refusal VALUES ($1)', [state]);
    await produce(kafka, topic, numberedObjects(3 * i, 3 * i + 3));
    await isTriedAgain(name, state);
    await db.query('DELETE FROM refusal');
    await eventually('the rows are written', async () => (await idsOf(db, 'rows')).length >= 3 * i + 3);
  }
  expect(await idsOf(db, 'rows')).toEqual(range(0, 3 * states.length));
  expect((await kafka.admin.partitions([letters])).size).toBe(0);
});

test('a task waits for a MariaDB without space for a query', async () => {
  await using db = await createMariadb('room');
  await db.query('CREATE TABLE items (id INT PRIMARY KEY)');
  await db.query('CREATE TABLE refusal (number INT)');
  await db.query(`
    CREATE FUNCTION checked(id INT) RETURNS INT READS SQL DATA
    BEGIN
      DECLARE refused INT DEFAULT (SELECT max(number) FROM refusal);
      IF refused IS NOT NULL THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = refused, MESSAGE_TEXT = 'no room'; END IF;
      RETURN id;
    END`);
  const [name, topic] = [draw.connectorName(), draw.topic()];
  const { host, port, user, password } = db.server;
  await db.query('INSERT INTO items VALUES (1)');
  await worker.create(name, {
    'connector.class': 'JdbcSource',
    'connection.url': `jdbc:mariadb://${host}:${port}/${db.name}?user=${user}&password=${encodeURIComponent(password)}`,
    query: 'SELECT * FROM (SELECT checked(id) AS id FROM items) AS checked_items',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'topic.prefix': topic,
    'poll.interval.ms': '50',
  });
  const read = async () => (await topicRecords(topic)).length;
  await eventually('the first row is written', async () => (await read()) === 1);
  let rows = 1;
  // ER_DISK_FULL, ER_RECORD_FILE_FULL, ER_GET_ERRNO.
  for (const number of [1021, 1114, 1030]) {
    await db.query('INSERT INTO refusal VALUES (?)', [number]);
    await db.query('INSERT INTO items VALUES (?)', [++rows]);
    const before = (await worker.task(name))?.attempt ?? 0;
    await eventually('the task is retried', async () => {
      const task = await worker.task(name);
      expect(task?.state).not.toBe('FAILED');
      return (task?.attempt ?? 0) > before && task?.last_failure?.includes('no room');
    });
    await db.query('DELETE FROM refusal');
    await eventually('the row is written', async () => (await read()) === rows);
  }
});

describe('a task waits for a blocked Elasticsearch index', () => {
  // Set by operators, and by earlier versions of Elasticsearch when the disk is full: HTTP 403.
  const block = (index: TestIndex, name: string, on: boolean) =>
    index.request('PUT', '/_settings', { [`index.blocks.${name}`]: on ? true : null });
  const config = { 'max.retries': '2', 'retry.backoff.ms': '1' };

  test('a task waits to write documents', async () => {
    await using index = new TestIndex('blocked');
    await index.create();
    await using sink = await TestSink.open(index.url, config);
    const put = (offset: number) => [record(index.name, offset, { key: 'a', value: { offset } })];
    await sink.write(put(0));
    await block(index, 'write', true);
    await expect(sink.write(put(1))).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: expect.stringMatching(/status 403, cluster_block_exception: .*write/),
    });
    await block(index, 'write', false);
    await sink.write(put(1));
    expect(await index.sources()).toEqual({ a: { offset: 1 } });
  });

  test('a task waits to update the mapping', async () => {
    await using index = new TestIndex('blocked_mapping');
    await index.create();
    await block(index, 'read_only', true);
    await using sink = await TestSink.open(index.url, config);
    const put = () => sink.write([record(index.name, 0, { key: 'a', valueSchema: schema, value })]);
    await expect(put()).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      message: expect.stringMatching(/HTTP 403, cluster_block_exception/),
    });
    await block(index, 'read_only', false);
    await put();
    expect(await index.sources()).toEqual({ a: { n: 1 } });
  });
});
