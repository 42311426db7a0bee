import { readdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { findProgram, run } from '../process/commands.ts';
import { type Log, silent } from '../types.ts';
import { installOnce, isInstalled } from './install.ts';
import { findJava, javaHint, mavenHint } from './kafka-program.ts';
import { fetchJars } from './maven.ts';

/** Elasticsearch as installed: the `java` program, and the folder of its jars and of the class that starts a node. */
export interface ElasticsearchProgram {
  readonly java: string;
  readonly libs: string;
  readonly version: string;
}

/** The last version whose parts are all in Maven's registry. */
const version = '7.17.28';
/** The version of the log4j-api that Elasticsearch was built with. */
const log4j = '2.17.1';

const jdkHint = 'apt-get install default-jdk-headless (Debian, Ubuntu) or brew install openjdk (macOS)';

export const mainClass = 'StartElasticsearch';

/** Returns a function that installs Elasticsearch in the cache when needed, or a sentence about what is missing. */
export async function locateElasticsearch(): Promise<((log?: Log) => Promise<ElasticsearchProgram>) | string> {
  const java = await findJava();
  if (java === undefined) return `Elasticsearch needs Java 17 or newer: ${javaHint}`;
  // The suffix is incremented with `mainSource`, so that an earlier class in the cache is not used.
  const name = join('elasticsearch', `${version}-1`);
  const maven = await findProgram('mvn');
  if (!isInstalled(name)) {
    if (maven === undefined) return `there is no Maven to download Elasticsearch: ${mavenHint}`;
    if (!(await run(java, ['--list-modules'])).includes('jdk.compiler'))
      return `Elasticsearch needs a JDK, and ${java} has no compiler: ${jdkHint}`;
  }
  return async (log = silent) => ({
    java,
    version,
    libs: await installOnce(name, folder => fetchElasticsearch(folder, java, maven ?? 'mvn', log)),
  });
}

async function fetchElasticsearch(folder: string, java: string, maven: string, log: Log): Promise<void> {
  log(`elasticsearch: downloading Elasticsearch ${version} with Maven (35 MB, once)`);
  await fetchJars(maven, folder, [
    { group: 'org.elasticsearch', artifact: 'elasticsearch', version },
    { group: 'org.elasticsearch.plugin', artifact: 'transport-netty4-client', version },
    { group: 'org.apache.logging.log4j', artifact: 'log4j-core', version: log4j },
  ]);
  const source = join(folder, `${mainClass}.java`);
  await writeFile(source, mainSource);
  // The compiler is a module of the runtime, also without the program `javac`.
  const compiler = ['-m', 'jdk.compiler/com.sun.tools.javac.Main'];
  const jars = (await readdir(folder)).filter(file => file.endsWith('.jar')).map(jar => join(folder, jar));
  await run(java, [...compiler, '-Xlint:none', '-nowarn', '-cp', jars.join(delimiter), '-d', folder, source]);
}

/** Starts a node without an installation, for which the jars have no program. Its arguments are settings, key=value. */
const mainSource = `import java.util.List;
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
