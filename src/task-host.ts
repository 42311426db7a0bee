import { pino } from 'pino';
import { createOperations } from './connector/operations.ts';
import { hostPort } from './data-plane/host-port.ts';
import { exitWithParent } from './data-plane/parent-watch.ts';
import { serve } from './data-plane/serve.ts';
import { engineServices } from './engine-services.ts';
import { type Level, Loggers } from './observability/loggers.ts';
import { silent } from './observability/silent.ts';
import { TaskRegistry } from './observability/task-registry.ts';

/** Program of a task host (worker thread or child process): receives its settings, then serves requests until it ends. */
exitWithParent();
const port = hostPort();
const { properties, configFiles, process: label, levels } = await port.settings;
const root = pino({ level: process.env['MILLRACE_LOG_LEVEL'] ?? 'info' }, pino.destination({ sync: true }));
const loggers = new Loggers(root);
for (const { logger, level } of levels) loggers.follow(logger, level as Level);
const { secrets, disconnect, components, namesRedaction } = await engineServices(properties, {
  loggers,
  configFiles,
  // The main thread loads the same plugins and logs it.
  pluginLog: silent,
});
const tasks = new TaskRegistry(label === undefined ? {} : { process: label });
const log = loggers.log('task');
serve(port, {
  operations: createOperations({
    ...components,
    log,
    offload: (connector, config, long) => secrets.seal(connector, config, { long }),
    deleteSecrets: (connector, config) => secrets.forget(connector, config),
    namesRedaction,
  }),
  log,
  observeTask: ({ connector, task, type }) => tasks.task({ connector, task, type }),
  metrics: () => tasks.text(),
  onKafkaLost: disconnect,
  setLevel: ({ logger, level }) => void loggers.follow(logger, level as Level),
});
