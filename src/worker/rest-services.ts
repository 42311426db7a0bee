import { type Admission, createAdmission } from '../admission.ts';
import { resolveConfig } from '../connector/components.ts';
import { readOffsets } from '../connector/offsets/offsets.ts';
import type { ClusterLevels } from '../observability/cluster-levels.ts';
import type { startServer } from '../server.ts';
import type { Control } from '../temporal/control/control.ts';
import { temporalControl } from '../temporal/control/control-client.ts';
import type { WorkerContext } from './context.ts';
import type { TaskRunner } from './run-tasks.ts';

/** Checks of configurations in the data plane, and control of connectors through Temporal. */
export function connectorControl({ services, config, workerId, taskQueue, dataPlane, client, log }: WorkerContext): {
  readonly control: Control;
  readonly plugins: Admission['plugins'];
} {
  const { secrets, components } = services;
  const { admit, reveal, plugins } = createAdmission({
    plugins: components.plugins,
    secrets,
    showSecrets: config['rest.show.passwords'],
    log,
    check: props => dataPlane.call('checkConfig', [props], { isolated: false, confirmAttempt: undefined }),
  });
  const control = temporalControl({
    client,
    address: config['temporal.address'],
    cluster: config['group.id'],
    taskQueue,
    workerId,
    admit,
    offload: (connector, config, long) => secrets.seal(connector, config, { long }),
    reveal,
    deleteSecrets: (connector, unused) => secrets.forget(connector, unused),
  });
  return { control, plugins };
}

export interface RestParts {
  readonly control: Control;
  readonly plugins: Admission['plugins'];
  readonly tasks: TaskRunner;
  readonly levels: ClusterLevels;
}

export function restServices(
  { observability, services, config, dataPlane }: WorkerContext,
  { control, plugins, tasks, levels }: RestParts,
): Parameters<typeof startServer>[2] {
  const { kafka, components } = services;
  const { loggers } = observability;
  return {
    control,
    plugins,
    clusterId: () => kafka.admin.clusterId(),
    async offsets({ name, type, config: connectorConfig }) {
      const connector = await resolveConfig(components, name, connectorConfig);
      using opened = components.open(type, connector.clients, connector.props);
      return await readOffsets(opened, type, name, connector);
    },
    log: loggers.log('rest'),
    loggers,
    topicTracking: { enabled: config['topic.tracking.enable'], reset: config['topic.tracking.allow.reset'] },
    setClusterLevel: (logger, level) => levels.set(logger, level),
    started: () => tasks.workers.isReady() && dataPlane.isReady(),
    limits: { connections: config['rest.connections.max'] },
    metrics: () => observability.metricsResponse(),
  };
}
