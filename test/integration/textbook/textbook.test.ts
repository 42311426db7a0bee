import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWorkerProcess, type WorkerProcess } from '../../../src/demo/worker-process.ts';
import { kafkaClient } from '../../../src/kafka/client/client.ts';
import { silent } from '../../../src/observability/silent.ts';
import { freePort } from '../../../src/stack/process/ports.ts';
import { elasticsearchUrl } from '../../support/elasticsearch.ts';
import { eventually } from '../../support/eventually.ts';
import { createMariadb, type MariadbDatabase, mariadbServer } from '../../support/mariadb.ts';
import { servers } from '../../support/servers.ts';
import { uniqueName } from '../../support/topic.ts';

/**
 * Introductory examples of Kafka Connect, unchanged except for ports, with their names of topics, database and index.
 */
const examples = {
  'file-source':
    '{"name":"file-source","config":{"connector.class":"FileStreamSource","file":"input.txt","topic":"file-topic"}}',
  'file-sink':
    '{"name":"file-sink","config":{"connector.class":"FileStreamSink","file":"output.txt","topics":"file-topic"}}',
  'mysql-source':
    '{"name":"mysql-source","config":{"connector.class":"JdbcSourceConnector","connection.url":"jdbc:mysql://localhost:3306/test?user=root","mode":"timestamp","table.whitelist":"login","timestamp.column.name":"login_time","topic.prefix":"mysql."}}',
  'elastic-sink':
    '{"name":"elastic-sink","config":{"connector.class":"ElasticsearchSinkConnector","connection.url":"http://localhost:9200","topics":"mysql.login","key.ignore":"true"}}',
} as const;
const guide = new URL('../../../docs/guides/textbook-examples.md', import.meta.url);
const topics = ['file-topic', 'mysql.login'];
const group = uniqueName('textbook');

let folder: string;
let worker: WorkerProcess;
let database: MariadbDatabase;
let ports: Readonly<Record<string, string>>;

const startWorker = async () =>
  startWorkerProcess(
    folder,
    await freePort(),
    {
      'bootstrap.servers': servers().kafka,
      'group.id': group,
      'offset.storage.topic': `${group}-offsets`,
      'config.storage.topic': `${group}-configs`,
      'status.storage.topic': `${group}-status`,
      'temporal.address': servers().temporal,
    },
    { cwd: folder },
  );

async function removeTopics(): Promise<void> {
  const kafka = kafkaClient({ brokers: [servers().kafka], clientId: group }, silent);
  try {
    const there = async () => (await kafka.admin.topics()).filter(topic => topics.includes(topic));
    await kafka.admin.deleteTopics(await there());
    await eventually('the topics are deleted', async () => (await there()).length === 0);
  } finally {
    await kafka.close();
  }
}

async function removeIndex(): Promise<void> {
  await fetch(`${elasticsearchUrl()}/mysql.login?ignore_unavailable=true`, { method: 'DELETE' });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-textbook-'));
  database = await createMariadb('textbook');
  await database.query('CREATE DATABASE IF NOT EXISTS test');
  await database.query('DROP TABLE IF EXISTS test.login');
  await Promise.all([removeTopics(), removeIndex()]);
  worker = await startWorker();
  ports = {
    ':8083': `:${new URL(worker.url).port}`,
    ':3306': `:${mariadbServer().port}`,
    ':9200': `:${new URL(elasticsearchUrl()).port}`,
  };
});
afterAll(async () => {
  await worker?.stop();
  await database?.query('DROP TABLE IF EXISTS test.login');
  await Promise.all([database?.drop(), removeTopics(), removeIndex()]);
  await rm(folder, { recursive: true, force: true });
});

/** Ports by original port; the worker's changes when it restarts. */
const here = (text: string): string =>
  Object.entries(ports).reduce((left, [from, to]) => left.replaceAll(from, to), text);

/** A command line of an example. */
function shell(line: string, input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('sh', ['-c', here(line)], { cwd: folder }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
    // A program may end before it reads all input; its exit status explains why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(here(input));
  });
}

const post = async (name: keyof typeof examples) =>
  JSON.parse(await shell('curl -s -X POST -d @- http://localhost:8083/connectors', examples[name]));

test('the examples are in the guide', async () => {
  const text = await readFile(guide, 'utf8');
  for (const example of Object.values(examples)) expect(text).toContain(example);
});

test("the file pair: lines are copied from input.txt to output.txt in the worker's folder", async () => {
  await writeFile(join(folder, 'input.txt'), 'first line\nsecond line\n');
  const { config } = JSON.parse(examples['file-source']);
  expect(await post('file-source')).toEqual({
    name: 'file-source',
    config: { ...config, name: 'file-source' },
    tasks: [],
    type: 'source',
  });
  expect(await post('file-sink')).toMatchObject({ name: 'file-sink', type: 'sink' });
  const output = () => readFile(join(folder, 'output.txt'), 'utf8');
  await eventually('both lines are written', async () => (await output()) === 'first line\nsecond line\n');
  await appendFile(join(folder, 'input.txt'), 'third line\n');
  await eventually(
    'the third line is written',
    async () => (await output()) === 'first line\nsecond line\nthird line\n',
  );
});

interface Answer {
  readonly hits: { readonly hits: { readonly _source: { readonly username: string; readonly login_time: number } }[] };
}

test('MySQL to Elasticsearch: a search returns existing and later rows, and none twice after a restart', async () => {
  await database.query('CREATE TABLE test.login (username VARCHAR(30), login_time DATETIME)');
  const insert = (name: string) => database.query('INSERT INTO test.login VALUES (?, now())', [name]);
  await insert('gwenshap');
  await insert('tpalino');
  expect(await post('mysql-source')).toMatchObject({ name: 'mysql-source', type: 'source' });
  expect(await post('elastic-sink')).toMatchObject({ name: 'elastic-sink', type: 'sink' });
  const searchIds = async () => {
    const text = await shell("curl -s 'http://localhost:9200/mysql.login/_search?pretty=true'");
    const { hits } = JSON.parse(text) as Answer;
    return { text, rows: hits.hits.map(({ _source }) => _source) };
  };
  const names = async () => (await searchIds()).rows.map(({ username }) => username).sort();
  await eventually('both rows', async () => (await names()).join() === 'gwenshap,tpalino');
  const { text, rows } = await searchIds();
  expect(text).toContain('"username" : "gwenshap"');
  const times = await database.query('SELECT username, UNIX_TIMESTAMP(login_time) * 1000 AS ms FROM test.login');
  for (const { username, login_time } of rows)
    expect({ username, ms: login_time }).toEqual({
      username,
      ms: Number(times.find(row => row['username'] === username)?.['ms']),
    });

  await worker.kill9();
  await insert('while-away');
  worker = await startWorker();
  ports = { ...ports, ':8083': `:${new URL(worker.url).port}` };
  await eventually('the row inserted meanwhile', async () => (await names()).length >= 3);
  await insert('later');
  await appendFile(join(folder, 'input.txt'), 'fourth line\n');
  await eventually('the last row', async () => (await names()).includes('later'));
  expect(await names()).toEqual(['gwenshap', 'later', 'tpalino', 'while-away']);
  const lines = () => readFile(join(folder, 'output.txt'), 'utf8');
  await eventually('the last line', async () => (await lines()).includes('fourth'));
  expect(await lines()).toBe('first line\nsecond line\nthird line\nfourth line\n');
}, 120_000);
