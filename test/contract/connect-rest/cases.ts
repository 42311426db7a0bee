import { crowd } from './cases/crowd.ts';
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

const mistake = 'A client’s mistake is a 400 with a sentence, not a 500 with a Java exception';
const bad = (what: string, body: unknown, says: RegExp): Step => ({
  what: `create: ${what}`,
  method: 'POST',
  path: '/connectors',
  body,
  differs: { why: mistake, status: 400, says },
});

const unknownPaths: Step[] = [
  { what: 'a path that is not there', method: 'GET', path: '/nope' },
  { what: 'a path of older versions', method: 'GET', path: '/connectors/x/tasks-config' },
  { what: 'DELETE of all', method: 'DELETE', path: '/connectors' },
  { what: 'PUT of all', method: 'PUT', path: '/connectors', body: {} },
  { what: 'PATCH of a connector', method: 'PATCH', path: '/connectors/x', body: {} },
  { what: 'GET of a verb', method: 'GET', path: '/connectors/x/pause' },
  { what: 'PUT of the root', method: 'PUT', path: '/' },
  { what: 'POST of plugins', method: 'POST', path: '/connector-plugins' },
];

const root: Step[] = [
  { what: 'the root', method: 'GET', path: '/', of: body => Object.keys(body).sort() },
  { what: 'health', method: 'GET', path: '/health' },
  { what: 'no connectors', method: 'GET', path: '/connectors' },
  { what: 'a slash behind', method: 'GET', path: '/connectors/' },
  { what: 'HEAD', method: 'HEAD', path: '/connectors' },
  { what: 'no connectors expanded', method: 'GET', path: '/connectors?expand=status&expand=info' },
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
).map(([method, path]) => ({ what: `of nobody: ${method} ${path}`, method, path: `/connectors/nobody${path}` }));

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
  { what: 'create: as text', method: 'POST', path: '/connectors', body: '{}', type: 'text/plain' },
  { what: 'create: as a JSON of another kind', method: 'POST', path: '/connectors', body: '{}', type: 'text/json' },
  {
    what: 'create: another name inside',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { name: 'b' } },
  },
  {
    what: 'create: a name inside alone',
    method: 'POST',
    path: '/connectors',
    body: { config: { ...sink, name: 'b' } },
  },
  { what: 'create: an empty name', method: 'POST', path: '/connectors', body: { name: '', config: sink } },
  { what: 'create: a blank name', method: 'POST', path: '/connectors', body: { name: '  ', config: sink } },
  {
    what: 'create: a control character',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a\u0001b', config: sink },
  },
  {
    what: 'create: a wrong number',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { ...sink, 'tasks.max': 'abc' } },
  },
  {
    what: 'create: nulls as values',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { ...sink, x: null, y: null } },
  },
  {
    what: 'create: no class',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { 'connection.password': 'planted' } },
    differs: {
      why: 'the message does not show passwords: Connect’s repeats the whole configuration',
      status: 400,
      says: /^(?!.*planted).*connector\.class/s,
    },
  },
  {
    what: 'create: an unknown class',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a', config: { 'connector.class': 'Nope' } },
    differs: {
      why: 'the classes that there are, by name, without Java descriptions and paths',
      status: 400,
      says: /Nope.*io\.debezium\.connector\.postgresql\.PostgresConnector/,
    },
  },
  { what: 'put: another name inside', method: 'PUT', path: '/connectors/x/config', body: { ...sink, name: 'y' } },
  {
    what: 'put: an array',
    method: 'PUT',
    path: '/connectors/x/config',
    body: [],
    differs: { why: mistake, status: 400, says: /must be an object/ },
  },
  {
    what: 'put: nothing',
    method: 'PUT',
    path: '/connectors/x/config',
    differs: { why: mistake, status: 400, says: /body is empty/ },
  },
];

const states = (body: Json) => [body.connector.state, ...body.tasks.map((task: Json) => task.state)].join(' ');

const life: Step[] = [
  {
    what: 'made stopped, with values that are no texts',
    method: 'POST',
    path: '/connectors',
    body: { name: ' first ', config: { ...sink, 'tasks.max': 1, odd: true, float: 1.5 }, initial_state: 'stopped' },
  },
  {
    what: 'made again',
    method: 'POST',
    path: '/connectors',
    body: { name: 'first', config: sink },
  },
  {
    what: 'stopped from the start',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => body.connector?.state === 'STOPPED',
  },
  { what: 'shown', method: 'GET', path: '/connectors/first' },
  { what: 'shown with a slash behind', method: 'GET', path: '/connectors/first/' },
  { what: 'its configuration', method: 'GET', path: '/connectors/first/config' },
  { what: 'its tasks, none', method: 'GET', path: '/connectors/first/tasks' },
  { what: 'listed', method: 'GET', path: '/connectors' },
  { what: 'listed with status and info', method: 'GET', path: '/connectors?expand=status&expand=info' },
  { what: 'listed with info', method: 'GET', path: '/connectors?expand=info' },
  { what: 'listed with what there is not', method: 'GET', path: '/connectors?expand=foo' },
  { what: 'listed with parts in one word', method: 'GET', path: '/connectors?expand=info,status' },
  { what: 'changed', method: 'PUT', path: '/connectors/first/config', body: { ...sink, 'batch.size': 100 } },
  {
    what: 'patched',
    method: 'PATCH',
    path: '/connectors/first/config',
    body: { 'batch.size': null, 'max.retries': 3 },
  },
  {
    what: 'patched with an array',
    method: 'PATCH',
    path: '/connectors/first/config',
    body: [],
    differs: { why: mistake, status: 400, says: /must be an object/ },
  },
  {
    what: 'changed to what is wrong',
    method: 'PUT',
    path: '/connectors/first/config',
    body: { ...sink, 'tasks.max': 'abc' },
  },
  { what: 'resumed', method: 'PUT', path: '/connectors/first/resume' },
  {
    what: 'it runs',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'RUNNING RUNNING',
  },
  { what: 'its task', method: 'GET', path: '/connectors/first/tasks/0/status' },
  { what: 'a task that it has not', method: 'GET', path: '/connectors/first/tasks/9/status' },
  { what: 'no number of a task', method: 'GET', path: '/connectors/first/tasks/-1/status' },
  { what: 'shown with its task', method: 'GET', path: '/connectors/first' },
  {
    what: 'the tasks’ configurations',
    method: 'GET',
    path: '/connectors/first/tasks',
    of: body =>
      body.map((task: Json) => ({ id: task.id, topics: task.config.topics, url: task.config['connection.url'] })),
  },
  { what: 'restart of the connector', method: 'POST', path: '/connectors/first/restart' },
  { what: 'restart with something else', method: 'POST', path: '/connectors/first/restart?includeTasks=banana' },
  {
    what: 'restart of what failed, which nothing has',
    method: 'POST',
    path: '/connectors/first/restart?onlyFailed=true',
  },
  { what: 'restart with a body', method: 'POST', path: '/connectors/first/restart', body: { x: 1 } },
  { what: 'restart with a text', method: 'POST', path: '/connectors/first/restart', body: 'x', type: 'text/plain' },
  { what: 'restart of a task', method: 'POST', path: '/connectors/first/tasks/0/restart' },
  { what: 'restart of a task that it has not', method: 'POST', path: '/connectors/first/tasks/7/restart' },
  { what: 'restart of no task', method: 'POST', path: '/connectors/first/tasks/abc/restart' },
  {
    what: 'it runs again',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'RUNNING RUNNING',
  },
  {
    what: 'restart with tasks',
    method: 'POST',
    path: '/connectors/first/restart?includeTasks=true',
    of: body => ({ name: body.name, type: body.type, tasks: body.tasks.length }),
  },
  {
    what: 'it runs once more',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'RUNNING RUNNING',
  },
  { what: 'paused', method: 'PUT', path: '/connectors/first/pause' },
  {
    what: 'it is paused',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'PAUSED PAUSED',
  },
  { what: 'paused again', method: 'PUT', path: '/connectors/first/pause' },
  { what: 'stopped', method: 'PUT', path: '/connectors/first/stop' },
  {
    what: 'it is stopped, its tasks gone',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'STOPPED',
  },
  { what: 'stopped again', method: 'PUT', path: '/connectors/first/stop' },
  { what: 'paused after stop', method: 'PUT', path: '/connectors/first/pause' },
  {
    what: 'paused without tasks',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => states(body) === 'PAUSED',
  },
  {
    what: 'patched to another name',
    method: 'PATCH',
    path: '/connectors/first/config',
    body: { name: 'second' },
    differs: {
      why: 'Connect stores a name that is not the connector’s, and its tasks then run under it',
      status: 400,
      says: /doesn't match connector name/,
    },
  },
  { what: 'deleted', method: 'DELETE', path: '/connectors/first' },
  {
    what: 'gone',
    method: 'GET',
    path: '/connectors/first/status',
    until: body => body.error_code === 404,
  },
  { what: 'deleted again', method: 'DELETE', path: '/connectors/first' },
];

const names: Step[] = [
  {
    what: 'made by PUT, with a blank and an accent',
    method: 'PUT',
    path: '/connectors/sp%20%C3%A9/config',
    body: { ...sink, topics: '{{topic}}' },
  },
  { what: 'reached by that name', method: 'GET', path: '/connectors/sp%20%C3%A9/config' },
  { what: 'deleted by that name', method: 'DELETE', path: '/connectors/sp%20%C3%A9' },
  {
    what: 'a plus stays a plus',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a+b', config: sink, initial_state: 'PAUSED' },
  },
  { what: 'reached with its plus', method: 'GET', path: '/connectors/a+b/config' },
  { what: 'deleted with its plus', method: 'DELETE', path: '/connectors/a+b' },
  {
    what: 'a percent sign',
    method: 'POST',
    path: '/connectors',
    body: { name: '100%', config: sink, initial_state: 'STOPPED' },
  },
  {
    what: 'reached with its percent sign',
    method: 'GET',
    path: '/connectors/100%25/config',
    differs: { why: 'One with `%` can be reached', status: 200, says: /"name":"100%"/ },
  },
  {
    what: 'deleted with its percent sign',
    method: 'DELETE',
    path: '/connectors/100%25',
    differs: { why: 'One with `%` can be reached', status: 204 },
  },
  {
    what: 'a slash in a path',
    method: 'GET',
    path: '/connectors/a%2Fb',
    differs: {
      why: 'What Jetty answers with a page of HTML is JSON here',
      status: 404,
      says: /Connector a\/b not found/,
    },
  },
  {
    what: 'a path that is not encoded',
    method: 'GET',
    path: '/connectors/%ZZ',
    differs: { why: 'What Jetty answers with a page of HTML is JSON here', status: 400, says: /not encoded correctly/ },
  },
  {
    what: 'a slash in a name',
    method: 'POST',
    path: '/connectors',
    body: { name: 'a/b', config: sink, initial_state: 'STOPPED' },
    differs: {
      why: 'is refused: Connect makes a connector that no request can reach',
      status: 400,
      says: /may not contain \//,
    },
  },
];

const secrets: Step[] = [
  {
    what: 'a password in a configuration',
    method: 'POST',
    path: '/connectors',
    body: { name: 'secret', config: { ...sink, 'connection.password': 'planted' }, initial_state: 'STOPPED' },
    differs: {
      why: 'A password is kept apart and shown as a placeholder',
      status: 201,
      says: /^(?!.*planted).*"connection\.password":"\$\{secret:/s,
    },
  },
  { what: 'the password’s connector is deleted', method: 'DELETE', path: '/connectors/secret' },
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
    what: 'connector plugins',
    method: 'GET',
    path: '/connector-plugins',
    of: body =>
      body
        .filter((one: Json) => /PostgresConnector|debezium.*JdbcSink/.test(one.class))
        .map((one: Json) => [one.class, one.type, Object.keys(one).sort().join()])
        .sort(),
  },
  {
    what: 'all plugins',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly=false',
    of: body => [...new Set(body.map((one: Json) => one.type))].sort(),
  },
  {
    what: 'connectorsOnly as something else',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly=banana',
    of: body => [...new Set(body.map((one: Json) => one.type))].sort(),
  },
  {
    what: 'the keys of a transform',
    method: 'GET',
    path: '/connector-plugins/org.apache.kafka.connect.transforms.MaskField$Value/config',
    of: body => body.map(definition),
  },
  { what: 'the keys of nothing', method: 'GET', path: '/connector-plugins/Nope/config' },
  {
    what: 'validate: right',
    method: 'PUT',
    path: validate,
    body: { ...sink, name: 'a' },
    of: body => ({
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
    what: 'validate: wrong',
    method: 'PUT',
    path: validate,
    body: { ...sink, 'tasks.max': 'abc', 'errors.tolerance': 'some', transforms: 'a' },
    of: body =>
      body.configs
        .filter((one: Json) => one.value.errors.length > 0)
        .map((one: Json) => [one.value.name, one.value.value, one.value.errors])
        .sort(),
  },
  {
    what: 'validate: a class other than the path’s',
    method: 'PUT',
    path: validate,
    body: { 'connector.class': 'FileStreamSink' },
  },
  {
    what: 'validate: nothing',
    method: 'PUT',
    path: validate,
    differs: { why: mistake, status: 400, says: /body is empty/ },
  },
  {
    what: 'validate: of nothing',
    method: 'PUT',
    path: '/connector-plugins/Nope/config/validate',
    body: { 'connector.class': 'Nope' },
    differs: { why: mistake, status: 400, says: /Nope/ },
  },
];

const loggers: Step[] = [
  { what: 'a logger that is not there', method: 'GET', path: '/admin/loggers/nope' },
  { what: 'a logger is set', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: 'debug' } },
  { what: 'a logger is set to the same', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: 'DEBUG' } },
  {
    what: 'a logger is seen',
    method: 'GET',
    path: '/admin/loggers/contract.a',
    of: body => [body.level, typeof body.last_modified],
  },
  { what: 'a level that is none', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: 'LOUD' } },
  { what: 'no level', method: 'PUT', path: '/admin/loggers/contract.a', body: {} },
  {
    what: 'a logger that was never set',
    method: 'GET',
    path: '/admin/loggers/root',
    of: body => body.last_modified,
  },
  {
    what: 'a level for the cluster',
    method: 'PUT',
    path: '/admin/loggers/contract.b?scope=cluster',
    body: { level: 'debug' },
  },
  {
    what: 'a level for the cluster is seen',
    method: 'GET',
    path: '/admin/loggers/contract.b',
    // Kafka Connect sets one logger and the other a moment later.
    until: body => body.level === 'DEBUG' && body.last_modified !== null,
    of: body => [body.level, typeof body.last_modified],
  },
  {
    what: 'a level for the cluster, again',
    method: 'PUT',
    path: '/admin/loggers/contract.b?scope=cluster',
    body: { level: 'DEBUG' },
  },
  {
    what: 'a level for the cluster, in capitals',
    method: 'PUT',
    path: '/admin/loggers/contract.c?scope=CLUSTER',
    body: { level: 'warn' },
  },
  {
    what: 'a level for the worker',
    method: 'PUT',
    path: '/admin/loggers/contract.d?scope=worker',
    body: { level: 'warn' },
  },
  {
    what: 'a level for nobody',
    method: 'PUT',
    path: '/admin/loggers/contract.e?scope=planet',
    body: { level: 'warn' },
  },
  {
    what: 'a level for an empty scope',
    method: 'PUT',
    path: '/admin/loggers/contract.f?scope=',
    body: { level: 'warn' },
  },
  {
    what: 'a level that is none, for the cluster',
    method: 'PUT',
    path: '/admin/loggers/contract.a?scope=cluster',
    body: { level: 'LOUD' },
  },
  { what: 'no level, for the cluster', method: 'PUT', path: '/admin/loggers/contract.a?scope=cluster', body: {} },
  { what: 'a null as a level', method: 'PUT', path: '/admin/loggers/contract.a', body: { level: null } },
  {
    what: 'a level of more words',
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
  what: `offsets: ${what}`,
  method: 'PATCH',
  path: `/connectors/${name}/offsets`,
  body,
  ...(differs && { differs }),
});
const offsetsOf = (what: string, name = 'of', until?: Step['until']): Step => ({
  what: `offsets: ${what}`,
  ...(until && { until }),
  method: 'GET',
  path: `/connectors/${name}/offsets`,
});
const malformed = (what: string, body: unknown, says: RegExp) => alter(what, body, { why: mistake, status: 400, says });

const again = {
  why: 'Offsets that are not there can be taken back, as often as one likes',
  status: 200,
  says: /altered successfully/,
};

const offsets: Step[] = [
  {
    what: 'offsets: a stopped sink',
    method: 'POST',
    path: '/connectors',
    body: { name: 'of', config: sink, initial_state: 'STOPPED' },
  },
  { what: 'topics: none', method: 'GET', path: '/connectors/of/topics' },
  { what: 'topics: reset', method: 'PUT', path: '/connectors/of/topics/reset' },
  { what: 'topics: POST', method: 'POST', path: '/connectors/of/topics' },
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
    what: 'offsets: reset before there was one',
    method: 'DELETE',
    path: '/connectors/of/offsets',
    differs: {
      why: 'A sink that holds its position in its destination has it set there, too',
      status: 200,
      says: /^The offsets for this connector have been reset successfully$/,
    },
  },
  offsetsOf('still none'),
  { what: 'offsets: of a paused one', method: 'PUT', path: '/connectors/of/pause' },
  {
    what: 'offsets: it is paused',
    method: 'GET',
    path: '/connectors/of/status',
    until: body => body.connector.state === 'PAUSED',
  },
  alter('while it is paused', entry(ofFirst, { kafka_offset: 1 })),
  { what: 'offsets: reset while it is paused', method: 'DELETE', path: '/connectors/of/offsets' },
  alter('nothing, while it is paused', { offsets: [] }),
  alter('of nobody', entry(ofFirst, { kafka_offset: 1 }), undefined, 'nobody'),
  alter('nothing, of nobody', {}, undefined, 'nobody'),
  { what: 'offsets: the sink is deleted', method: 'DELETE', path: '/connectors/of' },
  {
    what: 'offsets: a stopped source',
    method: 'POST',
    path: '/connectors',
    body: { name: 'from', config: source, initial_state: 'STOPPED' },
    of: body => [body.name, body.tasks, body.type],
  },
  offsetsOf('none of the source', 'from'),
  alter('of the source', entry(ofServer, { lsn: 4711, lsn_proc: 4711 }), undefined, 'from'),
  offsetsOf('those of the source', 'from', body => body.offsets.length > 0),
  alter(
    'of the source, with an object inside',
    entry({ file: 'a' }, { line: 3.5, deep: { x: [1] } }),
    { why: 'Offsets may have arrays and objects inside', status: 200, says: /altered successfully/ },
    'from',
  ),
  alter(
    'of the source, no object',
    entry(ofServer, 3),
    { why: mistake, status: 400, says: /must be an object/ },
    'from',
  ),
  alter('of the source, taken back', entry({ file: 'a' }, null), undefined, 'from'),
  offsetsOf('what is left of the source’s', 'from'),
  { what: 'offsets: the source begins anew', method: 'DELETE', path: '/connectors/from/offsets' },
  offsetsOf('none of the source again', 'from'),
  { what: 'offsets: the source is deleted', method: 'DELETE', path: '/connectors/from' },
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
  ...crowd,
  ...files,
  // Last, because Kafka Connect accepts names here that it cannot delete.
  ...names,
];
