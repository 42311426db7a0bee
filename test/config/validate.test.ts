import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ConfigProps } from '../../src/api/index.ts';
import { errorsOf, invalidConfigMessage, validateConnector } from '../../src/config/connector-config/validate.ts';
import { pluginRegistry } from '../../src/plugins.ts';
import { fileSink, fileSource } from './file-stream.ts';

// Recorded answers of Kafka Connect 4.3.1 to PUT /connector-plugins/{plugin}/config/validate, without documentation.
interface Definition {
  readonly name: string;
  readonly default_value: string | null;
}
interface Recorded {
  readonly config: ConfigProps;
  readonly name: string;
  readonly errors: number;
  readonly groups: readonly string[];
  readonly keys: readonly (readonly [
    name: string,
    definition: number | null,
    value: string | null,
    errors?: readonly string[],
  ])[];
}
const lines = readFileSync(new URL('golden/validate.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(line => line !== '')
  .map(line => JSON.parse(line) as { definition: Definition } | { case: Recorded });
const definitions = lines.flatMap(line => ('definition' in line ? [line.definition] : []));
const cases = lines.flatMap(line => ('case' in line ? [line.case] : []));

const plugins = pluginRegistry({ connectors: [] });
const validate = (config: ConfigProps) =>
  validateConnector((config['connector.class'] ?? '').includes('Sink') ? fileSink : fileSource, config, plugins);

/** Replaces Kafka's version, which differs from Millrace's. */
const withVersion = (value: string | null | undefined) => (value === '4.3.1' ? plugins.version : value);
const sortWords = (message: string) =>
  message.replace(
    /(\(case insensitive\): )(.*)$/,
    (_all, head: string, words: string) => head + words.split(', ').sort().join(', '),
  );

/** Errors that Connect reports only when the task starts, and Millrace in validation. */
const reportedAtStart = new Set([
  'No value specified for static field: f',
  'Neither schema name nor version configured',
  'TimestampConverter requires format option to be specified when using string timestamps',
]);

describe('same answers as Kafka Connect', () => {
  test.each(cases.map(c => [JSON.stringify(c.config), c] as const))('%s', async (_name, recorded) => {
    const answer = await validate(recorded.config);
    const actual = new Map(answer.configs.map(info => [info.definition.name, info]));
    for (const [name, index, value, errors = []] of recorded.keys) {
      const configInfo = actual.get(name);
      expect(configInfo, name).toBeDefined();
      const messages = configInfo?.value.errors.filter(message => !reportedAtStart.has(message)) ?? [];
      expect(messages.map(sortWords), name).toEqual(errors.map(sortWords));
      expect(configInfo?.value.value, name).toBe(withVersion(value));
      if (index === null) continue;
      const expected = definitions[index] as Definition;
      expect(configInfo?.definition, name).toMatchObject({
        ...expected,
        default_value: withVersion(expected.default_value),
      });
    }
    const shared = answer.configs.map(info => info.definition.name).filter(name => !name.startsWith('millrace.'));
    expect(shared.sort()).toEqual(recorded.keys.map(([name]) => name).sort());
    expect(answer.error_count).toBe(errorsOf(answer).length);
    expect(errorsOf(answer).filter(message => !reportedAtStart.has(message))).toHaveLength(recorded.errors);
    expect([...answer.groups].filter(group => group !== 'Schedule').sort()).toEqual([...recorded.groups].sort());
    expect(answer.name).toBe(recorded.name);
  });
});

const connectorClass = 'org.apache.kafka.connect.file.FileStreamSourceConnector';
const base = { name: 'x', 'connector.class': connectorClass, topic: 't' };
const errorsAt = async (config: ConfigProps, key: string) =>
  (await validate({ ...base, ...config })).configs.find(info => info.definition.name === key)?.value.errors;

describe('errors and values that Connect does not have', () => {
  test("the message of an invalid configuration has Connect's text and order", async () => {
    const { topic, ...rest } = base;
    const infos = await validate({ ...rest, 'tasks.max': 'abc', transforms: 'a', 'transforms.a.type': 'nope' });
    expect(invalidConfigMessage(infos)).toBe(
      [
        'Connector configuration is invalid and contains the following 4 error(s):',
        'Invalid value abc for configuration tasks.max: Not a number of type INT',
        'Invalid value null for configuration tasks.max: Value must be non-null',
        'Invalid value nope for configuration transforms.a.type: Class nope could not be found.',
        'Missing required configuration "topic" which has no default value.',
        'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
      ].join('\n'),
    );
    expect(invalidConfigMessage(await validate(base))).toBeUndefined();
  });

  test('a predicate that is not listed is an error', async () => {
    const chain = { transforms: 'a', 'transforms.a.type': 'Filter', 'transforms.a.predicate': 'p' };
    expect(await errorsAt(chain, 'transforms.a.predicate')).toHaveLength(1);
    const listed = { ...chain, predicates: 'p', 'predicates.p.type': 'RecordIsTombstone' };
    expect(await errorsAt(listed, 'transforms.a.predicate')).toEqual([]);
  });

  test('invalid settings of topic creation groups are errors', async () => {
    const groups = {
      'topic.creation.groups': 'a',
      'topic.creation.a.partitions': '0',
      'topic.creation.a.include': '(',
    };
    expect(await errorsAt(groups, 'topic.creation.a.partitions')).toEqual([
      "Invalid value 0 for configuration partitions: Number of partitions must be positive, or -1 to use the broker's default",
    ]);
    expect(await errorsAt(groups, 'topic.creation.a.include')).toEqual([
      'Invalid value [(] for configuration include: Syntax error in regular expression: Unclosed group',
    ]);
  });

  test("a connector's own validation runs only if its keys are valid", async () => {
    const called: unknown[] = [];
    const connector = {
      ...fileSource,
      validate: async (config: unknown) => {
        called.push(config);
        return { file: ['There is no such file.'] };
      },
    };
    const result = await validateConnector(connector, base, plugins);
    expect(result.configs.find(info => info.definition.name === 'file')?.value.errors).toEqual([
      'There is no such file.',
    ]);
    expect(result.error_count).toBe(1);
    await validateConnector(connector, { ...base, 'batch.size': 'x' }, plugins);
    expect(called).toEqual([{ file: null, topic: 't', 'batch.size': 2000 }]);
  });

  test("the worker's converters are the defaults of a connector", async () => {
    const workerDefaults = { 'key.converter': 'org.apache.kafka.connect.storage.StringConverter' };
    const infos = await validateConnector(fileSource, base, plugins, { workerDefaults });
    const key = infos.configs.find(info => info.definition.name === 'key.converter');
    expect(key?.value.value).toBe(workerDefaults['key.converter']);
    expect(key?.definition.default_value).toBe(workerDefaults['key.converter']);
    expect(key?.value.recommended_values).toContain('org.apache.kafka.connect.json.JsonConverter');
  });

  test('the value of a placeholder is in no answer', async () => {
    const placeholder = `$\{env:SECRET}`;
    const shown = { ...base, file: `/data/${placeholder}`, 'batch.size': placeholder };
    const props = { ...base, file: '/data/s3cret', 'batch.size': 's3cret' };
    const infos = await validateConnector(fileSource, props, plugins, { original: shown, secrets: ['s3cret'] });
    expect(JSON.stringify(infos)).not.toContain('s3cret');
    expect(infos.configs.find(info => info.definition.name === 'file')?.value.value).toBe(shown.file);
    expect(errorsOf(infos)).toEqual(['Invalid value [hidden] for configuration batch.size: Not a number of type INT']);
  });
});
