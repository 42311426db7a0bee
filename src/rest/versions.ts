import type { Control, StatusInfo } from '../temporal/control/control.ts';

/**
 * Adds versions to statuses, like Kafka Connect: the version of this server, since Millrace's components have no versions of
 * their own.
 */
export function withVersions(control: Control, version: string): Control {
  const addVersions = (status: StatusInfo): StatusInfo => ({
    ...status,
    connector: { ...status.connector, version },
    tasks: status.tasks.map(task => ({ ...task, version })),
  });
  return {
    ...control,
    status: async name => addVersions(await control.status(name)),
    restart: async (name, request) => addVersions(await control.restart(name, request)),
  };
}
