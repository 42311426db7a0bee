import { updates } from '../../../workflows/shared/messages.ts';
import { ConnectorConfigurations, type ConnectorConfigurationsDeps } from './connector-configurations.ts';
import { restartingStatus, statusInfo } from './connector-status.ts';
import { ConnectorWorkflows, type ConnectorWorkflowsDeps } from './connector-workflows.ts';
import type { Control } from './control.ts';

export interface ControlDeps extends ConnectorWorkflowsDeps, Omit<ConnectorConfigurationsDeps, 'workflows'> {
  /** This process, in Kafka Connect's format of worker ids: `host:port`. */
  readonly workerId: string;
}

/** Control over Temporal. Stateless: any number of processes can have one. */
export function temporalControl(deps: ControlDeps): Control {
  const workflows = new ConnectorWorkflows(deps);
  const configurations = new ConnectorConfigurations({ ...deps, workflows });
  const status: Control['status'] = name =>
    workflows.describe(name, (description, queryStatus) => statusInfo(name, deps.workerId, description, queryStatus));
  return {
    list: () => workflows.list(),
    create: (name, config, state, offsets) =>
      offsets === undefined
        ? configurations.create(name, config, state)
        : configurations.createAtOffsets(offsets, name, config, state),
    info: name => configurations.info(name),
    configure: (name, config) => configurations.configure(name, config),
    patch: (name, patch) => configurations.patch(name, patch),
    delete: name => workflows.delete(name),
    status,
    pause: name => workflows.update(name, updates.pause),
    resume: name => workflows.update(name, updates.resume),
    stop: name => workflows.update(name, updates.stop),
    async restart(name, request) {
      const before = await status(name);
      await workflows.update(name, updates.restart, request);
      return restartingStatus(before, request);
    },
    restartTask: (name, task) => workflows.update(name, updates.restartTask, task),
    tasks: name => configurations.tasks(name),
    topics: async name => (await workflows.status(name)).topics,
    resetTopics: name => workflows.update(name, updates.resetTopics),
    alterOffsets: (name, offsets) => configurations.alterOffsets(name, offsets),
  };
}
