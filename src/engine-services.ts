import type { Log } from './api/index.ts';
import { configProviders } from './config/config-providers.ts';
import { fileAccess } from './config/file-access.ts';
import { resolvePlaceholders } from './config/placeholders.ts';
import { Redaction } from './config/redaction.ts';
import { type WorkerConfig, workerConfigOf } from './config/worker-config.ts';
import type { OffsetStore } from './engine/offset-store.ts';
import { kafkaClient } from './kafka/client.ts';
import { configTopic } from './kafka/config-topic.ts';
import { kafkaConfigFromProperties } from './kafka/kafka-config.ts';
import { appendPositions, ensureOffsetsTopic, loadPositions, type OffsetsTopic } from './kafka/offset-store.ts';
import type { KafkaClient } from './kafka/port.ts';
import { noSecrets, secretStore } from './kafka/secret-store.ts';
import type { Loggers } from './observability/loggers.ts';
import { codeFolders } from './plugins/code-folders.ts';
import { loadPlugins } from './plugins/load.ts';
import { pluginRegistry } from './plugins.ts';
import { exposedListeners, parseListeners } from './rest/listeners.ts';
import { cacheFolder } from './stack/cache.ts';

/**
 * What connectors and their configurations need, made from worker properties as they were given: plugins, configuration
 * providers, a Kafka client and the stores in Kafka. The main thread and each task host have their own. Connects to
 * nothing yet. CONFIG_INVALID with every wrong value by name.
 */
export async function engineServices(
  given: Readonly<Record<string, string>>,
  {
    loggers,
    configFiles,
    pluginLog = loggers.log('plugins'),
  }: { readonly loggers: Loggers; readonly configFiles: readonly string[]; readonly pluginLog?: Log },
) {
  const loaded = await loadPlugins({ paths: pluginPath(given), cwd: process.cwd(), log: pluginLog });
  const plugins = pluginRegistry({ plugins: loaded.plugins, log: pluginLog });
  const providers = await configProviders(given, {
    entries: plugins.configProviders,
    incomplete: loaded.failed > 0,
    failed: (provider, reason) => pluginLog.error({ provider, reason }, 'configuration provider cannot be used'),
  });
  const { props } = await resolvePlaceholders(given, providers);
  const config = workerConfigOf(props);
  const namesRedaction = new Redaction();
  const kafkaConfig = kafkaConfigFromProperties({
    ...props,
    'bootstrap.servers': config['bootstrap.servers'].join(','),
  });
  const kafka = kafkaClient(kafkaConfig, namesRedaction.log(loggers.log('kafka')));
  const files = fileAccess({
    allowed: config['file.connectors.allowed.paths'],
    exposed: exposedListeners(parseListeners(props)),
    code: codeFolders({
      plugins: [...pluginPath(given), ...loaded.plugins.map(({ path }) => path)],
      cwd: process.cwd(),
      cache: cacheFolder(),
    }),
    configFiles,
  });
  const configTopicSettings = {
    topic: config['config.storage.topic'],
    replicationFactor: config['config.storage.replication.factor'],
    cluster: config['group.id'],
  };
  const configs = configTopic(kafka, configTopicSettings);
  const secrets = secretStore(kafka, configTopicSettings, configs);
  providers.set('secret', noSecrets);
  return {
    /** Worker properties, placeholders resolved. */
    props,
    config,
    kafkaConfig,
    kafka,
    configs,
    secrets,
    offsets: offsetsIn(kafka, offsetsTopic(config)),
    /** Worker properties as they were given: their placeholders are resolved again for each connector. */
    components: {
      workerProps: given,
      providers,
      unseal: (connector: string, config: Readonly<Record<string, string>>) => secrets.unseal(connector, config),
      plugins,
      files,
    },
    namesRedaction,
  };
}

/** The property of the configuration providers' own classes: it cannot hold a placeholder of theirs. */
const pluginPath = ({ 'plugin.path': path }: Readonly<Record<string, string>>): readonly string[] =>
  workerConfigOf(path === undefined ? {} : { 'plugin.path': path })['plugin.path'];

const offsetsTopic = (config: WorkerConfig): OffsetsTopic => ({
  topic: config['offset.storage.topic'],
  partitions: config['offset.storage.partitions'],
  replicationFactor: config['offset.storage.replication.factor'],
});

/** The offsets topic as the engine's store; created when it is first needed. */
function offsetsIn(kafka: KafkaClient, topic: OffsetsTopic): OffsetStore {
  return {
    topic: topic.topic,
    async load(connector, options) {
      await ensureOffsetsTopic(kafka, topic);
      return loadPositions(kafka, topic.topic, connector, options);
    },
    append: (batch, connector, positions) => appendPositions(batch, topic.topic, connector, positions),
  };
}
