import type { Log } from './api/index.ts';
import { type ClientProps, clientRoles, clientSettings } from './config/client-settings/index.ts';
import { resolvePlaceholders } from './config/secrets/placeholders.ts';
import { Redaction } from './config/secrets/redaction.ts';
import { configProviders } from './config/worker-config/config-providers.ts';
import { createFileAccess } from './config/worker-config/file-access.ts';
import { parseWorkerConfig, storageConfig, type WorkerConfig } from './config/worker-config/worker-config.ts';
import { connectorServices } from './connector-services.ts';
import { kafkaClient } from './kafka/client/client.ts';
import { clientPool } from './kafka/client/client-pool.ts';
import { kafkaConfigFromProperties } from './kafka/kafka-config.ts';
import { configTopic } from './kafka/storage/config-topic.ts';
import type { OffsetsTopic } from './kafka/storage/offset-store.ts';
import { noSecrets, secretStore } from './kafka/storage/secret-store.ts';
import type { Loggers } from './observability/loggers.ts';
import { codeFolders } from './plugins/code-folders.ts';
import { loadPlugins } from './plugins/load.ts';
import { pluginRegistry } from './plugins.ts';
import { exposedListeners, parseListeners } from './rest/listeners.ts';
import { cacheFolder } from './stack/cache.ts';

/**
 * Creates the services of connectors and their configurations from unresolved worker properties: plugins, configuration
 * providers, a Kafka client and the stores in Kafka. The main thread and each task host have their own. Does not connect
 * yet. CONFIG_INVALID names each invalid value.
 */
export async function engineServices(
  properties: Readonly<Record<string, string>>,
  {
    loggers,
    configFiles,
    pluginLog = loggers.log('plugins'),
  }: { readonly loggers: Loggers; readonly configFiles: readonly string[]; readonly pluginLog?: Log },
) {
  const loaded = await loadPlugins({ paths: pluginPath(properties), cwd: process.cwd(), log: pluginLog });
  const plugins = pluginRegistry({ plugins: loaded.plugins, log: pluginLog });
  const providers = await configProviders(properties, {
    entries: plugins.configProviders,
    incomplete: loaded.failed > 0,
    failed: (provider, reason) => pluginLog.error({ provider, reason }, 'configuration provider cannot be used'),
  });
  const { props } = await resolvePlaceholders(properties, providers);
  const config = parseWorkerConfig(props);
  const namesRedaction = new Redaction();
  const brokers = { 'bootstrap.servers': config['bootstrap.servers'].join(',') };
  const kafkaConfig = kafkaConfigFromProperties({ ...props, ...brokers });
  checkClients({ ...props, ...brokers });
  const kafkaLog = namesRedaction.log(loggers.log('kafka'));
  const kafka = kafkaClient(kafkaConfig, kafkaLog);
  const pool = clientPool({ config: kafkaConfig, client: kafka }, kafkaLog);
  const files = createFileAccess({
    allowedFolders: config['file.connectors.allowed.paths'],
    exposedListeners: exposedListeners(parseListeners(props)),
    codeFolders: codeFolders({
      plugins: [...pluginPath(properties), ...loaded.plugins.map(({ path }) => path)],
      cwd: process.cwd(),
      cache: cacheFolder(),
    }),
    configFiles,
  });
  const configTopicSettings = {
    topic: config['config.storage.topic'],
    replicationFactor: config['config.storage.replication.factor'],
    config: storageConfig(props, 'config.storage.'),
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
    /** Aborts pending requests to all Kafka clusters. */
    disconnect: () => pool.disconnect(),
    /** `workerProps` are unresolved: their placeholders are resolved again for each connector. */
    components: {
      workerProps: { ...brokers, ...properties },
      open: connectorServices({ config: kafkaConfig, client: kafka, offsetsTopic: offsetsTopic(config, props) }, pool),
      providers,
      unseal: (connector: string, config: Readonly<Record<string, string>>) => secrets.unseal(connector, config),
      plugins,
      files,
      checkConnection: (settings: ClientProps) => void kafkaConfigFromProperties(settings),
    },
    namesRedaction,
  };
}

/** Reads `plugin.path`, which cannot contain placeholders: configuration providers are loaded from it. */
const pluginPath = ({ 'plugin.path': path }: Readonly<Record<string, string>>): readonly string[] =>
  parseWorkerConfig(path === undefined ? {} : { 'plugin.path': path })['plugin.path'];

const offsetsTopic = (config: WorkerConfig, props: Readonly<Record<string, string>>): OffsetsTopic => ({
  topic: config['offset.storage.topic'],
  partitions: config['offset.storage.partitions'],
  replicationFactor: config['offset.storage.replication.factor'],
  config: storageConfig(props, 'offset.storage.'),
});

/** CONFIG_INVALID for invalid connection settings of tasks' clients. */
function checkClients(props: Readonly<Record<string, string>>): void {
  const clients = clientSettings('source', props, {});
  for (const role of clientRoles) kafkaConfigFromProperties(clients[role]);
}
