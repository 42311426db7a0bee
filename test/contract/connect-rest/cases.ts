import { concurrency } from './cases/concurrency.ts';
import { files } from './cases/files.ts';
import { http } from './cases/http.ts';
import { validate as validation } from './cases/validate.ts';
import type { Json, Step } from './step.ts';

/**
 * The script: requests in this order, against a cluster without connectors. Steps with `differs` get another answer
 * from Millrace, for the stated reason; all other answers must be equal.
 */

const sink = {
  'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
  topics: '{{topic}}',
  'connection.url': '{{url}}',
  'connection.username': '{{user}}',
  'primary.key.mode': 'none',
};
const validate = '/connector-plugins/JdbcSink/config/validate';

const mistake = 'An invalid request returns 400 with a message, not 500 with a Java exception';
const bad = (what: string, body: unknown, pattern: RegExp): Step => ({
  name: `create: ${what}`,
  method: 'POST',
  path: '/connectors',
  body,
  differs: { reason: mistake, status: 400, pattern },
});

const unknownPaths: Step[] = [
  { name: 'an unknown path', method: 'GET', path: '/nope' },
  { name: 'a path of older versions', method: 'GET', path: '/connectors/x/tasks-config' },
  { name: 'DELETE of all', method: 'DELETE', path: '/connectors' },
  { name: 'PUT of all', method: 'PUT', path: '/connectors', body: {} },
  { name: 'PATCH of a connector', method: 'PATCH', path: '/connectors/x', body: {} },
  { name: 'GET of a verb', method: 'GET', path: '/connectors/x/pause' },
  { name: 'PUT of the root', method: 'PUT', path: '/' },
  { name: 'POST of plugins', method: 'POST', path: '/connector-plugins' },
];

const root: Step[] = [
  { name: 'the root', method: 'GET', path: '/', select: body => Object.keys(body).sort() },
  { name: 'health', method: 'GET', path: '/health' },
  { name: 'no connectors', method: 'GET', path: '/connectors' },
  { name: 'a trailing slash', method: 'GET', path: '/connectors/' },
  { name: 'HEAD', method: 'HEAD', path: '/connectors' },
  { name: 'no connectors expanded', method: 'GET', path: '/connectors?expand=status&expand=info' },
];

const nobody: Step[] = (
  [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/config'],
    ['PATCH', '/config'],
    ['GET', '/status'],
    ['GET', '/tasks'],
    ['GET', '/tasks/0/status'],
    ['GET', '/tasks/abc/status'],
    ['PUT', '/pause'],
    ['PUT', '/resume'],
    ['PUT', '/stop'],
    ['POST', '/restart'],
    ['POST', '/restart?includeTasks=true&onlyFailed=true'],
    ['POST', '/tasks/0/restart'],
    ['GET', '/offsets'],
    ['DELETE', '/offsets'],
    ['GET', '/topics'],
    ['PUT', '/topics/reset'],
  ] as const
).map(([method, path]) => ({
  name: `unknown connector: ${method} ${path}`,
  method,
  path: `/connectors/nobody${path}`,
}));

const mistakes: Step[] = [
  bad('nothing', '', /body is empty/),
  bad('half an object', '{', /not JSON/),
  bad('an array', '[]', /must be an object/),
  bad('null', 'null', /must be an object/),
  bad('a text', '"a"', /must be an object/),
  bad('no config', { name: 'a' }, /config must be an object/),
  bad('a null config', { name: 'a', config: null }, /config must be an object/),
  bad('an array as config', { name: 'a', config: [] }, /config must be an object/),
  bad('an unknown field', { name: 'a', config: {}, foo: 1 }, /Unrecognized field "foo"/),
  bad('an object as a value', { name: 'a', config: { x: { y: 1 } } }, /must be a string, a number or a boolean/),
  bad('an unknown state', { name: 'a', config: sink, initial_state: 'FOO' }, /RUNNING, PAUSED, STOPPED/),
  { name: 'create: as text', method: 'POST', path: '/connectors', body: '{}', type: 'text/plain' },
  { name: 'create: another JSON media type', method: 'POST', path: '/connectors', body: '{}', type: 'text/json' },
  {
    name: 'create: another name in the configuration',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { name: 'b' } },
  },
  {
    name: 'create: a name only in the configuration',
    method: 'POST',
    path: '/connectors',
    body: { config: { ...sink, name: 'b' } },
  },
  { name: 'create: an empty name', method: 'POST', path: '/connectors', body: { name: '', config: sink } },
  { name: 'create: a blank name', method: 'POST', path: '/connectors', body: { name: '  ', config: sink } },
  {
    name: 'create: a control character',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a\u0001b', config: sink },
  },
  {
    name: 'create: a wrong number',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { ...sink, 'tasks.max': 'abc' } },
  },
  {
    name: 'create: nulls as values',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { ...sink, x: null, y: null } },
  },
  {
    name: 'create: no class',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { 'connection.password': 'planted' } },
    differs: {
      reason: 'the message contains no passwords: Connect’s contains the whole configuration',
      status: 400,
      pattern: /^(?!.*planted).*connector\.class/s,
    },
  },
  {
    name: 'create: an unknown class',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { 'connector.class': 'Nope' } },
    differs: {
      reason: 'the names of the available classes, without Java descriptions and paths',
      status: 400,
      pattern: /Nope.*io\.debezium\.connector\.postgresql\.PostgresConnector/,
    },
  },
  {
    name: 'put: another name in the configuration',
    method: 'PUT',
    path: '/connectors/x/config',
    body: { ...sink, name: 'y' },
  },
  {
    name: 'put: an array',
    method: 'PUT',
    path: '/connectors/x/config',
    body: [],
    differs: { reason: mistake, status: 400, pattern: /must be an object/ },
  },
  {
    name: 'put: nothing',
    method: 'PUT',
    path: '/connectors/x/config',
    differs: { reason: mistake, status: 400, pattern: /body is empty/ },
  },
];

const states = (body: Json) => [body.connector.state, ...body.tasks.map((task: Json) => task.state)].join(' ');

const life: Step[] = [
  {
    name: 'created STOPPED, with values that are not strings',
    method: 'POST',
    path: '/connectors',
    body: { name: ' first ', config: { ...sink, 'tasks.max': 1, odd: true, float: 1.5 }, initial_state: 'stopped' },
  },
  {
    name: 'made again',
    method: 'POST',
    path: '/connectors',
    body: { name: 'first', config: sink },
  },
  {
    name: 'stopped from the start',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => body.connector?.state === 'STOPPED',
  },
  { name: 'shown', method: 'GET', path: '/connectors/first' },
  { name: 'shown with a trailing slash', method: 'GET', path: '/connectors/first/' },
  { name: 'its configuration', method: 'GET', path: '/connectors/first/config' },
  { name: 'no tasks', method: 'GET', path: '/connectors/first/tasks' },
  { name: 'listed', method: 'GET', path: '/connectors' },
  { name: 'listed with status and info', method: 'GET', path: '/connectors?expand=status&expand=info' },
  { name: 'listed with info', method: 'GET', path: '/connectors?expand=info' },
  { name: 'listed with an unknown expansion', method: 'GET', path: '/connectors?expand=foo' },
  { name: 'listed with parts in one word', method: 'GET', path: '/connectors?expand=info,status' },
  { name: 'changed', method: 'PUT', path: '/connectors/first/config', body: { ...sink, 'batch.size': 100 } },
  {
    name: 'patched',
    method: 'PATCH',
    path: '/connectors/first/config',
    body: { 'batch.size': null, 'max.retries': 3 },
  },
  {
    name: 'patched with an array',
    method: 'PATCH',
    path: '/connectors/first/config',
    body: [],
    differs: { reason: mistake, status: 400, pattern: /must be an object/ },
  },
  {
    name: 'changed to an invalid configuration',
    method: 'PUT',
    path: '/connectors/first/config',
    body: { ...sink, 'tasks.max': 'abc' },
  },
  { name: 'resumed', method: 'PUT', path: '/connectors/first/resume' },
  {
    name: 'it runs',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'RUNNING RUNNING',
  },
  { name: 'its task', method: 'GET', path: '/connectors/first/tasks/0/status' },
  { name: 'an unknown task', method: 'GET', path: '/connectors/first/tasks/9/status' },
  { name: 'a task id that is not a number', method: 'GET', path: '/connectors/first/tasks/-1/status' },
  { name: 'shown with its task', method: 'GET', path: '/connectors/first' },
  {
    name: 'the tasks’ configurations',
    method: 'GET',
    path: '/connectors/first/tasks',
    select: body =>
      body.map((task: Json) => ({ id: task.id, topics: task.config.topics, url: task.config['connection.url'] })),
  },
  { name: 'restart of the connector', method: 'POST', path: '/connectors/first/restart' },
  { name: 'restart with something else', method: 'POST', path: '/connectors/first/restart?includeTasks=banana' },
  {
    name: 'restart of what failed, which nothing has',
    method: 'POST',
    path: '/connectors/first/restart?onlyFailed=true',
  },
  { name: 'restart with a body', method: 'POST', path: '/connectors/first/restart', body: { x: 1 } },
  { name: 'restart with a text', method: 'POST', path: '/connectors/first/restart', body: 'x', type: 'text/plain' },
  { name: 'restart of a task', method: 'POST', path: '/connectors/first/tasks/0/restart' },
  { name: 'restart of an unknown task', method: 'POST', path: '/connectors/first/tasks/7/restart' },
  { name: 'restart of a task id that is not a number', method: 'POST', path: '/connectors/first/tasks/abc/restart' },
  {
    name: 'it runs again',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'RUNNING RUNNING',
  },
  {
    name: 'restart with tasks',
    method: 'POST',
    path: '/connectors/first/restart?includeTasks=true',
    select: body => ({ name: body.name, type: body.type, tasks: body.tasks.length }),
  },
  {
    name: 'it runs a third time',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'RUNNING RUNNING',
  },
  { name: 'paused', method: 'PUT', path: '/connectors/first/pause' },
  {
    name: 'it is paused',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'PAUSED PAUSED',
  },
  { name: 'paused again', method: 'PUT', path: '/connectors/first/pause' },
  { name: 'stopped', method: 'PUT', path: '/connectors/first/stop' },
  {
    name: 'it is stopped without tasks',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'STOPPED',
  },
  { name: 'stopped again', method: 'PUT', path: '/connectors/first/stop' },
  { name: 'paused after stop', method: 'PUT', path: '/connectors/first/pause' },
  {
    name: 'paused without tasks',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'PAUSED',
  },
  {
    name: 'patched to another name',
    method: 'PATCH',
    path: '/connectors/first/config',
    body: { name: 'second' },
    differs: {
      reason: 'Connect stores the other name, and the connector’s tasks then run under it',
      status: 400,
      pattern: /doesn't match connector name/,
    },
  },
  { name: 'deleted', method: 'DELETE', path: '/connectors/first' },
  {
    name: 'gone',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => body.error_code === 404,
  },
  { name: 'deleted again', method: 'DELETE', path: '/connectors/first' },
];

const names: Step[] = [
  {
    name: 'created by PUT, with a space and an accent',
    method: 'PUT',
    path: '/connectors/sp%20%C3%A9/config',
    body: { ...sink, topics: '{{topic}}' },
  },
  { name: 'reached by that name', method: 'GET', path: '/connectors/sp%20%C3%A9/config' },
  { name: 'deleted by that name', method: 'DELETE', path: '/connectors/sp%20%C3%A9' },
  {
    name: 'a plus stays a plus',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a+b', config: sink, initial_state: 'PAUSED' },
  },
  { name: 'reached with its plus', method: 'GET', path: '/connectors/a+b/config' },
  { name: 'deleted with its plus', method: 'DELETE', path: '/connectors/a+b' },
  {
    name: 'a percent sign',
    method: 'POST',
    path: '/connectors',
    body: { name: '100%', config: sink, initial_state: 'STOPPED' },
  },
  {
    name: 'reached with its percent sign',
    method: 'GET',
    path: '/connectors/100%25/config',
    differs: { reason: 'A name with `%` can be used', status: 200, pattern: /"name":"100%"/ },
  },
  {
    name: 'deleted with its percent sign',
    method: 'DELETE',
    path: '/connectors/100%25',
    differs: { reason: 'A name with `%` can be used', status: 204 },
  },
  {
    name: 'a slash in a path',
    method: 'GET',
    path: '/connectors/a%2Fb',
    differs: {
      reason: 'Jetty’s HTML pages are JSON answers in Millrace',
      status: 404,
      pattern: /Connector a\/b not found/,
    },
  },
  {
    name: 'a path that is not encoded',
    method: 'GET',
    path: '/connectors/%ZZ',
    differs: {
      reason: 'Jetty’s HTML pages are JSON answers in Millrace',
      status: 400,
      pattern: /not encoded correctly/,
    },
  },
  {
    name: 'a slash in a name',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a/b', config: sink, initial_state: 'STOPPED' },
    differs: {
      reason: 'is rejected: Connect creates a connector that no request can reach',
      status: 400,
      pattern: /may not contain \//,
    },
  },
];

const secrets: Step[] = [
  {
    name: 'a password in a configuration',
    method: 'POST',
    path: '/connectors',
    body: { name: 'secret', config: { ...sink, 'connection.password': 'planted' }, initial_state: 'STOPPED' },
    differs: {
      reason: 'A password is stored separately and shown as a placeholder',
      status: 201,
      pattern: /^(?!.*planted).*"connection\.password":"\$\{secret:/s,
    },
  },
  { name: 'the password’s connector is deleted', method: 'DELETE', path: '/connectors/secret' },
];

/** Keys that every sink has, whose documentation differs between servers. */
const commonKeys = [
  'name',
  'connector.class',
  'tasks.max',
  'key.converter',
  'transforms',
  'errors.tolerance',
  'topics',
];
const definition = ({ documentation: _, ...rest }: Json) => rest;

const plugins: Step[] = [
  {
    name: 'connector plugins',
    method: 'GET',
    path: '/connector-plugins',
    select: body =>
      body
        .filter((one: Json) => /PostgresConnector|debezium.*JdbcSink/.test(one.class))
        .map((one: Json) => [one.class, one.type, Object.keys(one).sort().join()])
        .sort(),
  },
  {
    name: 'all plugins',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly=false',
    select: body => [...new Set(body.map((one: Json) => one.type))].sort(),
  },
  {
    name: 'connectorsOnly as something else',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly=banana',
    select: body => [...new Set(body.map((one: Json) => one.type))].sort(),
  },
  {
    name: 'the keys of a transform',
    method: 'GET',
    path: '/connector-plugins/org.apache.kafka.connect.transforms.MaskField$Value/config',
    select: body => body.map(definition),
  },
  { name: 'the keys of nothing', method: 'GET', path: '/connector-plugins/Nope/config' },
  {
    name: 'validate: right',
    method: 'PUT',
    path: validate,
    body: { ...sink, name: 'a' },
    select: body => ({
      name: body.name,
      error_count: body.error_count,
      configs: body.configs
        .filter((one: Json) => commonKeys.includes(one.definition.name))
        .map((one: Json) => ({
          definition: definition(one.definition),
          value: { ...one.value, recommended_values: [] },
        })),
    }),
  },
  {
    name: 'validate: wrong',
    method: 'PUT',
    path: validate,
    body: { ...sink, 'tasks.max': 'abc', 'errors.tolerance': 'some', transforms: 'a' },
    select: body =>
      body.configs
        .filter((one: Json) => one.value.errors.length > 0)
        .map((one: Json) => [one.value.name, one.value.value, one.value.errors])
        .sort(),
  },
  {
    name: 'validate: a class other than the path’s',
    method: 'PUT',
    path: validate,
    body: { 'connector.class': 'FileStreamSink' },
  },
  {
    name: 'validate: nothing',
    method: 'PUT',
    path: validate,
    differs: { reason: mistake, status: 400, pattern: /body is empty/ },
  },
  {
    name: 'validate: of nothing',
    method: 'PUT',
    path: '/connector-plugins/Nope/config/validate',
    body: { 'connector.class': 'Nope' },
    differs: { reason: mistake, status: 400, pattern: /Nope/ },
  },
];

const loggers: Step[] = [
  { name: 'an unknown logger', method: 'GET', path: '/admin/loggers/nope' },
  { name: 'a logger is set', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: 'debug' } },
  { name: 'a logger is set to the same', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: 'DEBUG' } },
  {
    name: 'a logger is shown',
    method: 'GET',
    path: '/admin/loggers/contract.a',
    select: body => [body.level, typeof body.last_modified],
  },
  { name: 'an invalid level', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: 'LOUD' } },
  { name: 'no level', method: 'PUT', path: '/admin/loggers/contract.a', body: {} },
  {
    name: 'a logger that was never set',
    method: 'GET',
    path: '/admin/loggers/root',
    select: body => body.last_modified,
  },
  {
    name: 'a level for the cluster',
    method: 'PUT',
    path: '/admin/loggers/contract.b?scope=cluster',
    body: { level: 'debug' },
  },
  {
    name: 'a level for the cluster is shown',
    method: 'GET',
    path: '/admin/loggers/contract.b',
    // Kafka Connect sets one logger and the other a moment later.
    until: body => body.level === 'DEBUG' && body.last_modified !== null,
    select: body => [body.level, typeof body.last_modified],
  },
  {
    name: 'a level for the cluster, again',
    method: 'PUT',
    path: '/admin/loggers/contract.b?scope=cluster',
    body: { level: 'DEBUG' },
  },
  {
    name: 'a level for the cluster, in capitals',
    method: 'PUT',
    path: '/admin/loggers/contract.c?scope=CLUSTER',
    body: { level: 'warn' },
  },
  {
    name: 'a level for the worker',
    method: 'PUT',
    path: '/admin/loggers/contract.d?scope=worker',
    body: { level: 'warn' },
  },
  {
    name: 'a level for an unknown scope',
    method: 'PUT',
    path: '/admin/loggers/contract.e?scope=planet',
    body: { level: 'warn' },
  },
  {
    name: 'a level for an empty scope',
    method: 'PUT',
    path: '/admin/loggers/contract.f?scope=',
    body: { level: 'warn' },
  },
  {
    name: 'an invalid level for the cluster',
    method: 'PUT',
    path: '/admin/loggers/contract.a?scope=cluster',
    body: { level: 'LOUD' },
  },
  { name: 'no level, for the cluster', method: 'PUT', path: '/admin/loggers/contract.a?scope=cluster', body: {} },
  { name: 'a null as a level', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: null } },
  {
    name: 'a level of more words',
    method: 'PUT',
    path: '/admin/loggers/contract.g',
    body: { level: 'TRACE', more: 'x' },
  },
];

const source = {
  'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
  'database.hostname': '{{host}}',
  'database.port': '{{port}}',
  'database.user': '{{user}}',
  'database.password': '{{password}}',
  'database.dbname': '{{database}}',
  'topic.prefix': 'p',
};
const ofFirst = { kafka_topic: '{{topic}}', kafka_partition: 0 };
const ofServer = { server: 'p' };
const entry = (partition: unknown, offset: unknown) => ({ offsets: [{ partition, offset }] });
const alter = (what: string, body: unknown, differs?: Step['differs'], name = 'of'): Step => ({
  name: `offsets: ${what}`,
  method: 'PATCH',
  path: `/connectors/${name}/offsets`,
  body,
  ...(differs && { differs }),
});
const offsetsOf = (what: string, name = 'of', until?: Step['until']): Step => ({
  name: `offsets: ${what}`,
  ...(until && { until }),
  method: 'GET',
  path: `/connectors/${name}/offsets`,
});
const malformed = (what: string, body: unknown, pattern: RegExp) =>
  alter(what, body, { reason: mistake, status: 400, pattern });

const again = {
  reason: 'Offsets that do not exist can be deleted, any number of times',
  status: 200,
  pattern: /altered successfully/,
};

const offsets: Step[] = [
  {
    name: 'offsets: a stopped sink',
    method: 'POST',
    path: '/connectors',
    body: { name: 'of', config: sink, initial_state: 'STOPPED' },
  },
  { name: 'topics: none', method: 'GET', path: '/connectors/of/topics' },
  { name: 'topics: reset', method: 'PUT', path: '/connectors/of/topics/reset' },
  { name: 'topics: POST', method: 'POST', path: '/connectors/of/topics' },
  offsetsOf('none'),
  malformed('an empty body', '', /body is empty/),
  malformed('no JSON', '{', /not JSON/),
  malformed('an array', [], /must be an object/),
  malformed('a text for an array', { offsets: 'a' }, /must be an array/),
  malformed('a text for an entry', { offsets: ['a'] }, /must be an object/),
  malformed('an unknown field', { offsets: [], foo: 1 }, /"foo"/),
  malformed('a text for a partition', entry('a', null), /must be an object/),
  alter('nothing', {}),
  alter('null', { offsets: null }),
  alter('an empty array', { offsets: [] }),
  alter('no partition', { offsets: [{ offset: { kafka_offset: 1 } }] }),
  alter('no topic', entry({ kafka_partition: 0 }, { kafka_offset: 1 })),
  alter('no number', entry({ kafka_topic: '{{topic}}' }, { kafka_offset: 1 })),
  malformed('a number below 0', entry({ ...ofFirst, kafka_partition: -1 }, { kafka_offset: 1 }), /is negative/),
  alter('a number that is none', entry({ ...ofFirst, kafka_partition: 'x' }, { kafka_offset: 1 })),
  alter('no offset', entry(ofFirst, {})),
  malformed('an offset below 0', entry(ofFirst, { kafka_offset: -1 }), /is negative/),
  alter('an offset that is none', entry(ofFirst, { kafka_offset: 'x' })),
  malformed(
    'a topic that is not there',
    entry({ ...ofFirst, kafka_topic: 'nobody-has-this' }, { kafka_offset: 1 }),
    /topic nobody-has-this does not exist or has no partition 0/,
  ),
  alter('of a topic that is not there, taken back', entry({ ...ofFirst, kafka_topic: 'nobody-has-this' }, null), again),
  alter('taken back before there was one', entry(ofFirst, null), again),
  {
    name: 'offsets: reset before there was one',
    method: 'DELETE',
    path: '/connectors/of/offsets',
    differs: {
      reason: 'If a sink stores its position in its destination, it is changed there, too',
      status: 200,
      pattern: /^The offsets for this connector have been reset successfully$/,
    },
  },
  offsetsOf('still none'),
  { name: 'offsets: of a paused one', method: 'PUT', path: '/connectors/of/pause' },
  {
    name: 'offsets: it is paused',
    method: 'GET',
    path: '/connectors/of/status',
    until: body => body.connector.state === 'PAUSED',
  },
  alter('while it is paused', entry(ofFirst, { kafka_offset: 1 })),
  { name: 'offsets: reset while it is paused', method: 'DELETE', path: '/connectors/of/offsets' },
  alter('nothing, while it is paused', { offsets: [] }),
  alter('of an unknown connector', entry(ofFirst, { kafka_offset: 1 }), undefined, 'nobody'),
  alter('nothing, of an unknown connector', {}, undefined, 'nobody'),
  { name: 'offsets: the sink is deleted', method: 'DELETE', path: '/connectors/of' },
  {
    name: 'offsets: a stopped source',
    method: 'POST',
    path: '/connectors',
    body: { name: 'from', config: source, initial_state: 'STOPPED' },
    select: body => [body.name, body.tasks, body.type],
  },
  offsetsOf('none of the source', 'from'),
  alter('of the source', entry(ofServer, { lsn: 4711, lsn_proc: 4711 }), undefined, 'from'),
  offsetsOf('those of the source', 'from', body => body.offsets.length > 0),
  alter(
    'of the source, with an object inside',
    entry({ file: 'a' }, { line: 3.5, deep: { x: [1] } }),
    { reason: 'Offsets may contain arrays and objects', status: 200, pattern: /altered successfully/ },
    'from',
  ),
  alter(
    'of the source, no object',
    entry(ofServer, 3),
    { reason: mistake, status: 400, pattern: /must be an object/ },
    'from',
  ),
  alter('of the source, taken back', entry({ file: 'a' }, null), undefined, 'from'),
  offsetsOf('what is left of the source’s', 'from'),
  { name: 'offsets: the source starts from the beginning', method: 'DELETE', path: '/connectors/from/offsets' },
  offsetsOf('none of the source again', 'from'),
  { name: 'offsets: the source is deleted', method: 'DELETE', path: '/connectors/from' },
];

export const steps: readonly Step[] = [
  ...root,
  ...unknownPaths,
  ...nobody,
  ...mistakes,
  ...life,
  ...secrets,
  ...plugins,
  ...loggers,
  ...offsets,
  ...http,
  ...validation,
  ...concurrency,
  ...files,
  // Last, because Kafka Connect accepts names here that it cannot delete.
  ...names,
];
