import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MillraceError } from '../../errors.ts';
import type { Control } from '../../temporal/control/control.ts';
import type { Plugins } from '../deps.ts';
import { isNotFound, withNotFoundMessage } from '../errors.ts';
import { existingName, missing } from '../names.ts';
import { resource } from '../resource.ts';

/** A task's number. Other text does not match the path. */
const TASK = ':task(^-?\\d{1,9}$)';

/** /connectors/{connector}/tasks */
export function taskResources(app: FastifyInstance, control: Control, plugins: Plugins): void {
  resource(app, '/connectors/:connector/tasks', {
    async GET(request) {
      const name = existingName(request, missing.connector);
      const tasks = await control.tasks(name).catch(withNotFoundMessage(missing.connector(name)));
      return tasks.map(({ id, config }) => {
        const taskClass = plugins.taskClass(config['connector.class'] ?? '');
        return { id, config: taskClass === undefined ? config : { ...config, 'task.class': taskClass } };
      });
    },
  });

  resource(app, `/connectors/:connector/tasks/${TASK}/status`, {
    async GET(request) {
      const task = taskOf(request);
      const name = existingName(request, unknown => missing.taskStatus(unknown, task));
      const { tasks } = await control.status(name).catch(withNotFoundMessage(missing.taskStatus(name, task)));
      const state = tasks.find(({ id }) => id === Number(task));
      if (state === undefined) throw new MillraceError('NOT_FOUND', missing.taskStatus(name, task));
      return state;
    },
  });

  resource(app, `/connectors/:connector/tasks/${TASK}/restart`, {
    async POST(request, reply) {
      const task = taskOf(request);
      const name = existingName(request, missing.restart);
      try {
        await control.restartTask(name, Number(task));
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await control.info(name).catch(withNotFoundMessage(missing.restart(name)));
        throw new MillraceError('NOT_FOUND', missing.task(name, task), { cause: error });
      }
      return reply.code(204).send();
    },
  });
}

const taskOf = (request: FastifyRequest): string => (request.params as { task: string }).task;
