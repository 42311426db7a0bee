import type { Control, StatusInfo } from '../temporal/control.ts';

/**
 * Control whose statuses tell the version of each component, as Connect's do: that of the server that is asked, since
 * components come with Millrace and not by themselves.
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
