// Writes docs/reference/properties from the specifications of the components: `npm run docs`. A test compares them.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigKeyInfo, ConfigSpec } from '../src/api/index.ts';
import { sinkConnectorConfig, sourceConnectorConfig } from '../src/config/connector-config/connector-config.ts';
import { noFiles } from '../src/config/worker-config/file-access.ts';
import { type PluginKind, pluginRegistry } from '../src/plugins.ts';

export const propertyFolder = join(import.meta.dirname, '..', 'docs', 'reference', 'properties');

/** Pages of connectors, by class. */
const connectorPages: Readonly<Record<string, readonly [file: string, title: string]>> = {
  'io.debezium.connector.postgresql.PostgresConnector': ['postgresql-source', 'PostgreSQL source (CDC)'],
  'io.confluent.connect.jdbc.JdbcSourceConnector': ['jdbc-source', 'JDBC source'],
  'io.confluent.connect.jdbc.JdbcSinkConnector': ['jdbc-sink', "JDBC sink, Confluent's names"],
  'io.debezium.connector.jdbc.JdbcSinkConnector': ['jdbc-sink-debezium', "JDBC sink, Debezium's names"],
  'org.apache.kafka.connect.file.FileStreamSourceConnector': ['file-source', 'File source'],
  'org.apache.kafka.connect.file.FileStreamSinkConnector': ['file-sink', 'File sink'],
  'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector': ['elasticsearch-sink', 'Elasticsearch sink'],
};

const plugins = pluginRegistry();

/** Contents of the pages by file name. Rejects for a connector that has no page. */
export async function propertyPages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  const index: string[] = [];
  const add = (file: string, title: string, lines: readonly string[]) => {
    pages.set(`${file}.md`, [`# ${title}`, '', ...lines, ''].join('\n'));
    index.push(`- [${title}](${file}.md)`);
  };
  for (const name of classesOf('source', 'sink')) {
    const page = connectorPages[name];
    if (page === undefined) throw new Error(`${name} has no page in scripts/property-reference.ts`);
    const [file, title] = page;
    add(file, title, [`\`connector.class\`: \`${name}\``, '', common, '', ...groups((await connectorSpec(name)).keys)]);
  }
  add('source-connectors', 'Every source connector', groups(sourceConnectorConfig.keys));
  add('sink-connectors', 'Every sink connector', groups(sinkConnectorConfig.keys));
  add('transforms', 'Transforms', await sections(['transformation']));
  add('predicates', 'Predicates', await sections(['predicate']));
  add('converters', 'Converters', await sections(['converter', 'header_converter']));
  pages.set('README.md', ['# Properties', '', intro, '', ...index, ''].join('\n'));
  return pages;
}

const common =
  'The properties that all connectors have are listed in [every source connector](source-connectors.md) and [every sink ' +
  'connector](sink-connectors.md).';
const intro =
  'Generated from the specifications by `npm run docs`. A required property has no default. The worker reports the same with ' +
  '`GET /connector-plugins/{plugin}/config`. Properties of the worker are in [worker properties](../worker-properties.md).';

const classesOf = (...kinds: readonly PluginKind[]): string[] => [
  ...new Set(plugins.list(false).flatMap(({ class: name, type }) => (kinds.includes(type) ? [name] : []))),
];

async function connectorSpec(name: string): Promise<ConfigSpec<unknown>> {
  const connector = await plugins.findConnector(name)?.load({ files: noFiles });
  if (connector === undefined) throw new Error(`no connector ${name}`);
  return connector.config;
}

async function componentSpec(name: string): Promise<ConfigSpec<unknown>> {
  const component =
    (await plugins.transform(name)) ?? (await plugins.predicate(name)) ?? (await plugins.converter(name, true));
  if (component === undefined) throw new Error(`no component ${name}`);
  return component.config;
}

/** A section for each component; those of keys and of values of one transform share theirs. */
async function sections(kinds: readonly PluginKind[]): Promise<string[]> {
  const byName = Map.groupBy(classesOf(...kinds), name => name.replace(/^.*\.|\$(Key|Value)$/g, ''));
  const lines: string[] = [];
  for (const [name, classes] of [...byName].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const { keys } = await componentSpec(classes[0] as string);
    lines.push(`## ${name}`, '', classes.map(each => `\`${each}\``).join(', '), '');
    lines.push(...(keys.length === 0 ? ['It has no properties.'] : table(keys)), '');
  }
  return lines.slice(0, -1);
}

/** A table for each group of keys, in the order in which the groups first appear. */
function groups(keys: readonly ConfigKeyInfo[]): string[] {
  const byGroup = Map.groupBy(keys, ({ group }) => group ?? 'Other');
  if (byGroup.size === 1) return table(keys);
  return [...byGroup].flatMap(([group, members]) => [`## ${group}`, '', ...table(members), '']).slice(0, -1);
}

const table = (keys: readonly ConfigKeyInfo[]): string[] => [
  '| Property | Type | Default | |',
  '|---|---|---|---|',
  ...keys.map(row),
];

function row({
  name,
  type,
  required,
  defaultValue,
  documentation,
  recommended,
  formerNames = [],
}: ConfigKeyInfo): string {
  const value = required ? '**required**' : defaultValue === null || defaultValue === '' ? '' : code(defaultValue);
  const values = recommended.length === 0 ? '' : ` Values: ${recommended.map(code).join(', ')}.`;
  const former = formerNames.length === 0 ? '' : ` Former name: ${formerNames.map(code).join(', ')}.`;
  return `| ${code(name)} | ${type.toLowerCase()} | ${value} | ${cell(documentation)}${values}${former} |`;
}

const line = (text: string): string => text.replaceAll('\n', ' ');
const cell = (text: string): string => line(text).replace(/[|*<]/g, '\\$&');
const code = (text: string): string => `\`${line(text).replaceAll('|', '\\|')}\``;

if (process.argv[1] === import.meta.filename) {
  await mkdir(propertyFolder, { recursive: true });
  for (const [file, text] of await propertyPages()) await writeFile(join(propertyFolder, file), text);
}
