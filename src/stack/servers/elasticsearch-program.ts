import { readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { findProgram, run } from '../process/commands.ts';
import { ignore, type Log } from '../types.ts';
import { installed, isInstalled } from './install.ts';
import { findJava, installJava, installMaven } from './kafka-program.ts';
import { fetchJars } from './maven.ts';

/** What a node needs to run: a Java, and the folder of Elasticsearch's jars with the class that starts it. */
export interface ElasticsearchProgram {
  readonly java: string;
  readonly libs: string;
  readonly version: string;
}

/** The last whose parts are all in Maven's registry. */
const version = '7.17.28';
/** That of the log4j-api it was built with. */
const log4j = '2.17.1';

const installJdk = 'apt-get install default-jdk-headless (Debian, Ubuntu) or brew install openjdk (macOS)';

export const mainClass = 'StartElasticsearch';

/** Answers how to get hold of Elasticsearch on this machine, or a sentence that says what is missing. */
export async function locateElasticsearch(): Promise<((log?: Log) => Promise<ElasticsearchProgram>) | string> {
  const java = await findJava();
  if (java === undefined) return `Elasticsearch needs Java 17 or newer: ${installJava}`;
  // By its form too: an older start class is made anew.
  const name = join('elasticsearch', `${version}-1`);
  const maven = await findProgram('mvn');
  if (!isInstalled(name)) {
    if (maven === undefined) return `there is no Maven to fetch Elasticsearch: ${installMaven}`;
    if (!(await run(java, ['--list-modules'])).includes('jdk.compiler'))
      return `Elasticsearch is started by a class that is compiled here, and ${java} has no compiler: ${installJdk}`;
  }
  return async (log = ignore) => ({
    java,
    version,
    libs: await installed(name, folder => fetchElasticsearch(folder, java, maven ?? 'mvn', log)),
  });
}

async function fetchElasticsearch(folder: string, java: string, maven: string, log: Log): Promise<void> {
  log(`elasticsearch: fetching Elasticsearch ${version} with Maven (35 MB, once)`);
  await fetchJars(maven, folder, [
    { group: 'org.elasticsearch', artifact: 'elasticsearch', version },
    { group: 'org.elasticsearch.plugin', artifact: 'transport-netty4-client', version },
    { group: 'org.apache.logging.log4j', artifact: 'log4j-core', version: log4j },
  ]);
  const source = join(folder, `${mainClass}.java`);
  await writeFile(source, start);
  // Java's own compiler, which is a module of the runtime also where there is no `javac`.
  const compiler = ['-m', 'jdk.compiler/com.sun.tools.javac.Main'];
  const jars = (await readdir(folder)).filter(file => file.endsWith('.jar')).map(jar => join(folder, jar));
  await run(java, [...compiler, '-Xlint:none', '-nowarn', '-cp', jars.join(delimiter), '-d', folder, source]);
}

/** The jars hold no program that starts a node without an installation around it. Settings are its arguments, key=value. */
const start = `import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.transport.Netty4Plugin;

public final class ${mainClass} {
  public static void main(String[] arguments) throws Exception {
    Settings.Builder settings = Settings.builder();
    for (String argument : arguments) {
      String[] pair = argument.split("=", 2);
      settings.put(pair[0], pair[1]);
    }
    Node node = new Node(
        InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), null, () -> "millrace"),
        List.of(Netty4Plugin.class),
        false) {};
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception error) {
        error.printStackTrace();
      }
    }));
    node.start();
    new CountDownLatch(1).await();
  }
}
`;
