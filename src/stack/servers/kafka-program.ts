import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findProgram, run } from '../process/commands.ts';
import { ignore, type Log } from '../types.ts';
import { installed, isInstalled } from './install.ts';
import { fetchJars } from './maven.ts';

/** What a broker needs to run: a Java and the folder of Kafka's jars. */
export interface KafkaProgram {
  readonly java: string;
  readonly libs: string;
  readonly version: string;
}

/** Fetched when this machine has no Kafka of its own. Runs on Java 17. */
const version = '4.3.1';
/** The first with transactions as KIP-890 mends them, and without ZooKeeper. */
const oldest = 4;
const oldestJava = 17;

const kafkaFolders = [
  '/opt/kafka',
  '/usr/local/kafka',
  '/opt/homebrew/opt/kafka/libexec',
  '/usr/local/opt/kafka/libexec',
];

export const installJava = 'apt-get install openjdk-17-jre-headless (Debian, Ubuntu) or brew install openjdk (macOS)';
export const installMaven = 'apt-get install maven (Debian, Ubuntu) or brew install maven (macOS)';

/** Answers how to get hold of Kafka on this machine, or a sentence that says what is missing. */
export async function locateKafka(): Promise<((log?: Log) => Promise<KafkaProgram>) | string> {
  const java = await findJava();
  if (java === undefined) return `Kafka needs Java ${oldestJava} or newer: ${installJava}`;
  const found = await findLibs();
  if (found) return async () => ({ java, ...found });
  const name = join('kafka', version);
  const maven = await findProgram('mvn');
  if (maven === undefined && !isInstalled(name)) {
    return `there is no Kafka ${oldest} (KAFKA_HOME, kafka-server-start.sh on the PATH, /opt/kafka), and no Maven to fetch one: ${installMaven}`;
  }
  return async (log = ignore) => ({
    java,
    version,
    libs: await installed(name, folder => fetchKafka(folder, maven ?? 'mvn', log)),
  });
}

/** A Java that runs Kafka, and Elasticsearch. */
export async function findJava(): Promise<string | undefined> {
  const home = process.env.JAVA_HOME;
  const onPath = await findProgram('java', ['/opt/homebrew/opt/openjdk/bin', '/usr/local/opt/openjdk/bin']);
  for (const java of [home && join(home, 'bin', 'java'), onPath]) {
    if (java && (await javaMajor(java)) >= oldestJava) return java;
  }
  return undefined;
}

/** From `openjdk 17.0.15 2025-04-15`; 0 for what does not answer, Java 8 included. */
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
    const found = jars.map(jar => /^kafka_2\.13-((\d+)\..*)\.jar$/.exec(jar)).find(match => match !== null);
    if (found?.[1] !== undefined && Number(found[2]) >= oldest) return { libs, version: found[1] };
  }
  return undefined;
}

async function fetchKafka(folder: string, maven: string, log: Log): Promise<void> {
  log(`kafka: fetching Kafka ${version} with Maven (50 MB, once)`);
  await fetchJars(maven, folder, [
    { group: 'org.apache.kafka', artifact: 'kafka_2.13', version },
    { group: 'org.apache.logging.log4j', artifact: 'log4j-slf4j-impl', version: '2.25.4' },
  ]);
}
