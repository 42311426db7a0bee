import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram, run } from '../../src/stack/process/commands.ts';
import { installOnce, isInstalled } from '../../src/stack/servers/install.ts';
import { findJava, javaHint, mavenHint } from '../../src/stack/servers/kafka-program.ts';
import { type Log, silent } from '../../src/stack/types.ts';

export const versions = {
  kafkaConnect: '4.3.1',
  debeziumPostgres: '3.7.0.Final',
  debeziumJdbc: '3.5.0.Final',
} as const;

export interface KafkaConnectProgram {
  readonly java: string;
  /** Folder of the worker's jars. */
  readonly libs: string;
  /** Folder with a folder for each plugin. */
  readonly plugins: string;
  /** A Log4j configuration: warnings to stdout. */
  readonly logging: string;
}

/** Libraries of the worker. A plugin with a second Jackson fails at its start. */
const workerLibraries = [
  'org.apache.kafka',
  'org.slf4j',
  'com.fasterxml.jackson.core',
  'jakarta.ws.rs',
  'org.lz4',
  'at.yawk.lz4',
  'org.xerial.snappy',
  'com.github.luben',
];

/** Returns a function that installs Kafka Connect and Debezium, or a message about what is missing. */
export async function locateKafkaConnect(): Promise<((log?: Log) => Promise<KafkaConnectProgram>) | string> {
  const java = await findJava();
  if (java === undefined) return `Kafka Connect needs Java 17 or newer: ${javaHint}`;
  const { kafkaConnect, debeziumPostgres, debeziumJdbc } = versions;
  const name = join('bench', `kafka-connect-${kafkaConnect}-file-postgres-${debeziumPostgres}-jdbc-${debeziumJdbc}`);
  const maven = await findProgram('mvn');
  if (maven === undefined && !isInstalled(name))
    return `Kafka Connect and Debezium are fetched with Maven: ${mavenHint}`;
  return async (log = silent) => {
    const folder = await installOnce(name, into => fetchAll(into, maven ?? 'mvn', log));
    return {
      java,
      libs: join(folder, 'libs'),
      plugins: join(folder, 'plugins'),
      logging: join(folder, 'log4j2.properties'),
    };
  };
}

async function fetchAll(into: string, maven: string, log: Log): Promise<void> {
  const { kafkaConnect, debeziumPostgres, debeziumJdbc } = versions;
  log(`fetching Kafka Connect ${kafkaConnect} and Debezium ${debeziumPostgres} with Maven (150 MB, once)`);
  const fetch = (to: string, dependencies: readonly Dependency[], without: readonly string[] = []) =>
    copyDependencies(maven, join(into, to), dependencies, without);
  await fetch('libs', [
    ['org.apache.kafka', 'connect-runtime', kafkaConnect],
    ['org.apache.kafka', 'connect-transforms', kafkaConnect],
    ['org.apache.kafka', 'connect-json', kafkaConnect],
    ['org.apache.kafka', 'connect-file', kafkaConnect],
    ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.4'],
  ]);
  await fetch('plugins/postgres', [['io.debezium', 'debezium-connector-postgres', debeziumPostgres]], workerLibraries);
  await fetch('plugins/jdbc', [['io.debezium', 'debezium-connector-jdbc', debeziumJdbc]], workerLibraries);
  await writeFile(join(into, 'log4j2.properties'), logging);
}

type Dependency = readonly [group: string, artifact: string, version: string];

async function copyDependencies(
  maven: string,
  folder: string,
  dependencies: readonly Dependency[],
  without: readonly string[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, projectOf(dependencies));
  await run(maven, [
    '--batch-mode',
    '--quiet',
    `--file=${pom}`,
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
    ...(without.length === 0 ? [] : [`-DexcludeGroupIds=${without.join(',')}`]),
  ]);
}

const projectOf = (dependencies: readonly Dependency[]): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>bench</artifactId>
  <version>1</version>
  <repositories>
    <!-- Debezium's parent names this one, and everything needed is on Central: switched off. -->
    <repository>
      <id>confluent</id>
      <url>file:///nonexistent</url>
      <releases><enabled>false</enabled></releases>
      <snapshots><enabled>false</enabled></snapshots>
    </repository>
  </repositories>
  <dependencies>
${dependencies
  .map(([group, artifact, version]) => {
    const parts = { groupId: group, artifactId: artifact, version };
    const inner = Object.entries(parts).map(([tag, text]) => `<${tag}>${text}</${tag}>`);
    return `    <dependency>${inner.join('')}</dependency>`;
  })
  .join('\n')}
  </dependencies>
</project>
`;

const logging = `rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=[%d] %p %m (%c)%n
`;
