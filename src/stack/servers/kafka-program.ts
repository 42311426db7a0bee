import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram, run } from '../process/commands.ts';
import { type Log, silent } from '../types.ts';
import { installOnce, isInstalled } from './install.ts';
import { fetchJars } from './maven.ts';

/** Kafka as installed: the `java` program and the folder of its jars. */
export interface KafkaProgram {
  readonly java: string;
  readonly libs: string;
  readonly version: string;
}

/** The version to download when Kafka is not installed. Runs on Java 17. */
const version = '4.3.1';
/** The first version with the transaction protocol of KIP-890 and without ZooKeeper. */
const oldest = 4;
const oldestJava = 17;

const kafkaFolders = [
  '/opt/kafka',
  '/usr/local/kafka',
  '/opt/homebrew/opt/kafka/libexec',
  '/usr/local/opt/kafka/libexec',
];

export const javaHint = 'apt-get install openjdk-17-jre-headless (Debian, Ubuntu) or brew install openjdk (macOS)';
export const mavenHint = 'apt-get install maven (Debian, Ubuntu) or brew install maven (macOS)';

/** Returns a function that installs Kafka in the cache when needed, or a sentence about what is missing. */
export async function locateKafka(): Promise<((log?: Log) => Promise<KafkaProgram>) | string> {
  const java = await findJava();
  if (java === undefined) return `Kafka needs Java ${oldestJava} or newer: ${javaHint}`;
  const installation = await findLibs();
  if (installation) return async () => ({ java, ...installation });
  const name = join('kafka', version);
  const maven = await findProgram('mvn');
  if (maven === undefined && !isInstalled(name)) {
    return `there is no Kafka ${oldest} (KAFKA_HOME, kafka-server-start.sh on the PATH, /opt/kafka), and no Maven to download one: ${mavenHint}`;
  }
  return async (log = silent) => ({
    java,
    version,
    libs: await installOnce(name, folder => fetchKafka(folder, maven ?? 'mvn', log)),
  });
}

/** Finds a `java` program that is new enough for Kafka and Elasticsearch. */
export async function findJava(): Promise<string | undefined> {
  const home = process.env.JAVA_HOME;
  const onPath = await findProgram('java', ['/opt/homebrew/opt/openjdk/bin', '/usr/local/opt/openjdk/bin']);
  for (const java of [home && join(home, 'bin', 'java'), onPath]) {
    if (java && (await javaMajor(java)) >= oldestJava) return java;
  }
  return undefined;
}

/** Parses `openjdk 17.0.15 2025-04-15`; 0 for a program without --version, such as that of Java 8. */
async function javaMajor(java: string): Promise<number> {
  const printed = await run(java, ['--version']).catch(() => '');
  return Number(/^\S+ (\d+)/.exec(printed)?.[1] ?? 0);
}

async function findLibs(): Promise<{ libs: string; version: string } | undefined> {
  const script = await findProgram('kafka-server-start.sh');
  const homes = [process.env.KAFKA_HOME, script && dirname(dirname(script)), ...kafkaFolders];
  for (const home of homes) {
    if (!home) continue;
    const libs = join(home, 'libs');
    const jars = await readdir(libs).catch(() => []);
    const core = jars.map(jar => /^kafka_2\.13-((\d+)\..*)\.jar$/.exec(jar)).find(match => match !== null);
    if (core?.[1] !== undefined && Number(core[2]) >= oldest) return { libs, version: core[1] };
  }
  return undefined;
}

async function fetchKafka(folder: string, maven: string, log: Log): Promise<void> {
  log(`kafka: downloading Kafka ${version} with Maven (50 MB, once)`);
  await fetchJars(maven, folder, [
    { group: 'org.apache.kafka', artifact: 'kafka_2.13', version },
    { group: 'org.apache.logging.log4j', artifact: 'log4j-slf4j-impl', version: '2.25.4' },
  ]);
}
