import type { FastifyInstance, InjectOptions } from 'fastify';
import { pino } from 'pino';
import { MillraceError } from '../../src/errors.ts';
import type { Plugins, RestDeps } from '../../src/rest/deps.ts';
import { createRestServer } from '../../src/rest/server.ts';
import type { Control } from '../../src/temporal/control/control.ts';
import { recordingControl } from './recording-control.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export const definition = {
  name: 'topic',
  type: 'STRING',
  required: true,
  default_value: null,
  importance: 'HIGH',
  documentation: 'The topic.',
  group: null,
  order_in_group: -1,
  width: 'NONE',
  display_name: 'topic',
  dependents: [],
} as const;

const plugins: Plugins = {
  list: connectorsOnly => [
    { class: 'org.x.FileStreamSourceConnector', type: 'source', version: '1' },
    ...(connectorsOnly ? [] : [{ class: 'org.x.Mask', type: 'transformation', version: '1' } as const]),
  ],
  taskClass: () => undefined,
  async keys(plugin) {
    if (!plugin.includes('FileStreamSource')) throw new MillraceError('NOT_FOUND', 'words of the test');
    return [definition];
  },
  async validate(plugin, config) {
    return {
      name: plugin,
      error_count: 1,
      groups: ['Common'],
      configs: [
        {
          definition,
          value: {
            name: 'topic',
            value: config.topic ?? null,
            recommended_values: [],
            errors: ['missing'],
            visible: true,
          },
        },
      ],
    };
  },
};

/** The REST server over a recording Control, with its log. */
export function restApp(answers: Partial<Control> = {}, more: Partial<RestDeps> = {}) {
  const { control, calls } = recordingControl(answers);
  const lines: LogLine[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const app: FastifyInstance = createRestServer({
    control,
    plugins,
    clusterId: async () => 'the-cluster',
    offsets: async () => [],
    version: '1',
    log,
    ...more,
  });
  /** Sends a request; `json` is the parsed body, undefined if it is empty. */
  const ask = async (
    method: NonNullable<InjectOptions['method']>,
    url: string,
    payload?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const text = payload === undefined || typeof payload === 'string' ? payload : JSON.stringify(payload);
    const answer = await app.inject({
      method,
      url,
      ...(text === undefined ? {} : { payload: text }),
      headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    const isJson = answer.body !== '' && String(answer.headers['content-type']).startsWith('application/json');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: answer.body,
      json: isJson ? answer.json() : undefined,
    };
  };
  return { app, ask, calls, lines };
}
