import type { Json, Step } from '../step.ts';

/** HTTP itself: methods, content types, queries, bodies and unusual names. */

export const idle = { 'connector.class': 'FileStreamSink', file: '{{folder}}/idle.txt', topics: '{{topic}}' };
const create = (what: string, body: unknown, more: Partial<Step> = {}): Step => ({
  name: `http: ${what}`,
  method: 'POST',
  path: '/connectors',
  body,
  ...more,
});
const mistake = 'An invalid request returns 400 with a message, not 500 with a Java exception';
const jetty = 'Jetty’s HTML pages are JSON answers in Millrace';

const noClass = 'the message contains no passwords: Connect’s contains the whole configuration';
const unknownClass = 'the names of the available classes, without Java descriptions and paths';
const nulls = 'A null is a key without a value, for every key';
const patterns = 'Errors of patterns have JavaScript’s wording';

const notAllowed: Step[] = (
  [
    ['POST', '/'],
    ['DELETE', '/'],
    ['PUT', '/health'],
    ['PATCH', '/connectors'],
    ['POST', '/connectors/x'],
    ['PUT', '/connectors/x'],
    ['POST', '/connectors/x/config'],
    ['DELETE', '/connectors/x/config'],
    ['POST', '/connectors/x/status'],
    ['POST', '/connectors/x/pause'],
    ['POST', '/connectors/x/resume'],
    ['POST', '/connectors/x/stop'],
    ['GET', '/connectors/x/stop'],
    ['PUT', '/connectors/x/restart'],
    ['GET', '/connectors/x/restart'],
    ['PUT', '/connectors/x/tasks'],
    ['PUT', '/connectors/x/tasks/0/status'],
    ['GET', '/connectors/x/tasks/0/restart'],
    ['PUT', '/connectors/x/tasks/0/restart'],
    ['GET', '/connectors/x/tasks/0'],
    ['DELETE', '/connectors/x/topics'],
    ['GET', '/connectors/x/topics/reset'],
    ['POST', '/connectors/x/topics/reset'],
    ['POST', '/connectors/x/offsets'],
    ['PUT', '/connectors/x/offsets'],
    ['DELETE', '/connector-plugins'],
    ['POST', '/connector-plugins/FileStreamSink/config'],
    ['GET', '/connector-plugins/FileStreamSink/config/validate'],
    ['POST', '/connector-plugins/FileStreamSink/config/validate'],
    ['GET', '/connector-plugins/FileStreamSink'],
    ['POST', '/admin/loggers'],
    ['DELETE', '/admin/loggers/root'],
    ['POST', '/admin/loggers/root'],
    ['GET', '/connectors/x/y'],
    ['GET', '/admin'],
    ['GET', '/connectors/x/tasks/0/status/more'],
    ['HEAD', '/'],
    ['HEAD', '/connectors/nobody'],
    ['HEAD', '/connectors/nobody/pause'],
  ] as const
).map(([method, path]) => ({ name: `http: ${method} ${path}`, method, path }));

/** Requests between the workers of Connect. */
const internal: Step[] = [
  {
    name: 'http: configurations of tasks, from a worker',
    method: 'POST',
    path: '/connectors/x/tasks',
    body: [],
    differs: { reason: 'Internal requests between Connect’s workers do not exist', status: 405 },
  },
  {
    name: 'http: a fence, from a worker',
    method: 'PUT',
    path: '/connectors/x/fence',
    differs: { reason: 'Internal requests between Connect’s workers do not exist', status: 404 },
  },
];

const types: Step[] = [
  create('without a content type', '{}', { type: '' }),
  create('a form', 'name=a', { type: 'application/x-www-form-urlencoded' }),
  create('a JSON of another kind', '{}', { type: 'application/vnd.api+json' }),
  create('a JSON with its charset', { name: '', config: idle }, { type: 'application/json; charset=utf-8' }),
  create('a JSON in capitals', { name: '', config: idle }, { type: 'Application/JSON' }),
  {
    name: 'http: a configuration as text',
    method: 'PUT',
    path: '/connectors/x/config',
    body: '{}',
    type: 'text/plain',
  },
  { name: 'http: a patch as text', method: 'PATCH', path: '/connectors/x/config', body: '{}', type: 'text/plain' },
  {
    name: 'http: a patch of the type of patches',
    method: 'PATCH',
    path: '/connectors/x/config',
    body: '{}',
    type: 'application/merge-patch+json',
  },
  { name: 'http: offsets as text', method: 'PATCH', path: '/connectors/x/offsets', body: '{}', type: 'text/plain' },
  {
    name: 'http: validate as text',
    method: 'PUT',
    path: '/connector-plugins/FileStreamSink/config/validate',
    body: '{}',
    type: 'text/plain',
  },
  { name: 'http: a level as text', method: 'PUT', path: '/admin/loggers/a', body: '{}', type: 'text/plain' },
  { name: 'http: any type accepted', method: 'GET', path: '/connectors', headers: { accept: '*/*' } },
  {
    name: 'http: JSON accepted among others',
    method: 'GET',
    path: '/connectors',
    headers: { accept: 'text/html, application/json;q=0.5' },
  },
  {
    name: 'http: only XML accepted',
    method: 'GET',
    path: '/connectors',
    headers: { accept: 'application/xml' },
    differs: { reason: '`Accept` is ignored: the answer is JSON', status: 200 },
  },
];

const queries: Step[] = [
  { name: 'http: an unknown query', method: 'GET', path: '/connectors?foo=bar' },
  { name: 'http: an empty query', method: 'GET', path: '/connectors?' },
  { name: 'http: an empty expansion', method: 'GET', path: '/connectors?expand=' },
  { name: 'http: expand without a value', method: 'GET', path: '/connectors?expand' },
  { name: 'http: expand in capitals', method: 'GET', path: '/connectors?expand=STATUS' },
  { name: 'http: an unknown query of the root', method: 'GET', path: '/health?a=1&a=2' },
  {
    name: 'http: an unknown query of a name',
    method: 'GET',
    path: '/connectors/nobody?expand=status',
  },
  {
    name: 'http: connectorsOnly without a value',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly',
    select: body => [...new Set(body.map((one: Json) => one.type))].sort(),
  },
  {
    name: 'http: connectorsOnly in capitals',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly=TRUE',
    select: body => [...new Set(body.map((one: Json) => one.type))].sort(),
  },
];

const bodies: Step[] = [
  create(
    'an empty configuration',
    { name: 'a', config: {} },
    { differs: { reason: noClass, status: 400, pattern: /connector\.class/ } },
  ),
  create(
    'an empty class',
    { name: 'a', config: { 'connector.class': '' } },
    { differs: { reason: unknownClass, status: 400, pattern: /connector\.class/ } },
  ),
  create(
    'a null class',
    { name: 'a', config: { 'connector.class': null } },
    { differs: { reason: nulls, status: 400, pattern: /Null value/ } },
  ),
  create('a null name', { name: null, config: idle }),
  create('no name at all', { config: idle }),
  create('a null name inside', { name: 'inside', config: { ...idle, name: null }, initial_state: 'STOPPED' }),
  { name: 'http: the null name inside is deleted', method: 'DELETE', path: '/connectors/inside' },
  create('a number as a name', { name: 7, config: { ...idle, name: 8 } }),
  create(
    'an array as a value',
    { name: 'a', config: { ...idle, x: [1] } },
    {
      differs: { reason: mistake, status: 400, pattern: /must be a string, a number or a boolean/ },
    },
  ),
  create(
    'a number as a configuration',
    { name: 'a', config: 3 },
    {
      differs: { reason: mistake, status: 400, pattern: /must be an object/ },
    },
  ),
  create('text after the object', '{"name":"","config":{}} x', {
    differs: { reason: mistake, status: 400, pattern: /not JSON/ },
  }),
  create('a comment', '{"name":"a", /* b */ "config":{}}', {
    differs: { reason: mistake, status: 400, pattern: /not JSON/ },
  }),
  create('a key without quotes', '{name:"a"}', { differs: { reason: mistake, status: 400, pattern: /not JSON/ } }),
  create('no UTF-8', '"\\ud800"', { differs: { reason: mistake, status: 400 } }),
  create('keys that come twice', '{"name":"","name":"a","config":{"name":"b"},"config":{"name":"c"}}'),
  create(
    'a state that is a number',
    { name: 'a', config: idle, initial_state: 3 },
    {
      differs: { reason: mistake, status: 400, pattern: /RUNNING, PAUSED, STOPPED/ },
    },
  ),
  create(
    'an empty state',
    { name: 'a', config: idle, initial_state: '' },
    {
      differs: { reason: mistake, status: 400, pattern: /RUNNING, PAUSED, STOPPED/ },
    },
  ),
  create(
    'a state that is no initial state',
    { name: 'a', config: idle, initial_state: 'FAILED' },
    {
      differs: { reason: mistake, status: 400, pattern: /RUNNING, PAUSED, STOPPED/ },
    },
  ),
  create('no state', { name: '', config: idle, initial_state: null }),
  create('a key with nothing in it', { name: 'a', config: { ...idle, '': 'x', 'tasks.max': '0' } }),
  create('several errors', {
    name: 'a',
    config: { ...idle, 'tasks.max': -1, 'errors.tolerance': 'some', 'config.action.reload': 'never', topics: '' },
  }),
  create('a sink without topics', { name: 'a', config: { 'connector.class': 'FileStreamSink' } }),
  create('a sink with topics and a pattern', { name: 'a', config: { ...idle, 'topics.regex': 'a.*' } }),
  create(
    'a sink with a wrong pattern',
    {
      name: 'a',
      config: { 'connector.class': 'FileStreamSink', 'topics.regex': '(' },
    },
    { differs: { reason: patterns, status: 400, pattern: /topics\.regex: Invalid regex/ } },
  ),
  create('a sink whose dead letters are its topic', {
    name: 'a',
    config: { ...idle, 'errors.deadletterqueue.topic.name': '{{topic}}' },
  }),
  create('a source without a topic', { name: 'a', config: { 'connector.class': 'FileStreamSource' } }),
  create('a source with an empty topic', { name: 'a', config: { 'connector.class': 'FileStreamSource', topic: '' } }),
];

const keep = (body: Json) => body;
const scalars = { ...idle, big: 1234567890123456, exponent: 1e21, minus: -0.5, yes: true, no: false, empty: '' };
const values: Step[] = [
  create(
    'numbers, booleans and nulls as values',
    { name: 'scalars', config: scalars, initial_state: 'STOPPED' },
    { select: keep },
  ),
  { name: 'http: those values again', method: 'GET', path: '/connectors/scalars/config' },
  {
    name: 'http: patched with nothing',
    method: 'PATCH',
    path: '/connectors/scalars/config',
    body: {},
  },
  {
    name: 'http: patched with values that are no texts',
    method: 'PATCH',
    path: '/connectors/scalars/config',
    body: { big: 2.5, yes: false, gone: null, empty: null },
  },
  {
    name: 'http: patched without its class',
    method: 'PATCH',
    path: '/connectors/scalars/config',
    body: { 'connector.class': null },
    differs: {
      reason: 'the message contains no passwords: Connect’s contains the whole configuration',
      status: 400,
      pattern: /connector\.class/,
    },
  },
  {
    name: 'http: patched to an invalid configuration',
    method: 'PATCH',
    path: '/connectors/scalars/config',
    body: { 'tasks.max': 'many' },
  },
  {
    name: 'http: patched with nothing at all',
    method: 'PATCH',
    path: '/connectors/scalars/config',
    differs: { reason: mistake, status: 400, pattern: /body is empty/ },
  },
  {
    name: 'http: put of a null',
    method: 'PUT',
    path: '/connectors/scalars/config',
    body: { ...idle, odd: null },
  },
  {
    name: 'http: put of a configuration without a class',
    method: 'PUT',
    path: '/connectors/scalars/config',
    body: { topics: 'a' },
    differs: {
      reason: 'the message contains no passwords: Connect’s contains the whole configuration',
      status: 400,
      pattern: /connector\.class/,
    },
  },
  { name: 'http: a restart without values', method: 'POST', path: '/connectors/scalars/restart?includeTasks=' },
  { name: 'http: a restart of a task of a stopped one', method: 'POST', path: '/connectors/scalars/tasks/0/restart' },
  {
    name: 'http: a pause with a body',
    method: 'PUT',
    path: '/connectors/scalars/pause',
    body: '{',
    type: 'text/plain',
  },
  { name: 'http: a stop with a body', method: 'PUT', path: '/connectors/scalars/stop', body: { x: 1 } },
  { name: 'http: DELETE with a body', method: 'DELETE', path: '/connectors/scalars', body: { x: 1 } },
];

/** Creates, shows and deletes a connector whose name needs encoding; `path` is its form in a URL. */
const namedConnector = (name: string, path: string, differs?: Step['differs']): Step[] => [
  create(
    `made as ${JSON.stringify(name)}`,
    { name, config: idle, initial_state: 'STOPPED' },
    { ...(differs && { differs }) },
  ),
  { name: `http: GET ${path}`, method: 'GET', path: `/connectors/${path}/config` },
  { name: `http: DELETE ${path}`, method: 'DELETE', path: `/connectors/${path}` },
];

const names: Step[] = [
  ...namedConnector('日本語 📈', '%E6%97%A5%E6%9C%AC%E8%AA%9E%20%F0%9F%93%88'),
  ...namedConnector('a.b-c_d~e', 'a.b-c_d~e'),
  ...namedConnector("q?u#e&r=y;s:t@v!w$x'y(z)*,+", "q%3Fu%23e%26r%3Dy%3Bs%3At%40v!w%24x'y(z)*%2C%2B"),
  ...namedConnector('"<b>[c]|^`', '%22%3Cb%3E%5Bc%5D%7C%5E%60'),
  ...namedConnector('{d}', '%7Bd%7D', {
    reason: 'An empty configuration `{}` creates a connector',
    status: 201,
    pattern: /"name":"\{d\}"/,
  }),
  ...namedConnector('l'.repeat(200), 'l'.repeat(200)),
  create(
    'a name of 300 letters',
    { name: 'l'.repeat(300), config: idle, initial_state: 'STOPPED' },
    {
      differs: {
        reason: 'Names are at most 200 bytes long',
        status: 400,
        pattern: /longer than 200 bytes/,
      },
    },
  ),
  {
    name: 'http: a name of 300 letters is deleted',
    method: 'DELETE',
    path: `/connectors/${'l'.repeat(300)}`,
    differs: { reason: 'Names are at most 200 bytes long', status: 404 },
  },
  {
    name: 'http: a name with a slash at its end',
    method: 'GET',
    path: '/connectors/nobody%2F',
    differs: { reason: jetty, status: 404, pattern: /nobody\/ not found/ },
  },
  {
    name: 'http: a name that is a parameter of the path',
    method: 'GET',
    path: '/connectors/a;b=c/status',
    differs: { reason: 'A semicolon in a path is part of the name', status: 404, pattern: /a;b=c/ },
  },
  { name: 'http: two slashes', method: 'GET', path: '/connectors//status', differs: { reason: jetty, status: 404 } },
  { name: 'http: a path with dots', method: 'GET', path: '/connectors/./x' },
];

export const http: readonly Step[] = [...notAllowed, ...internal, ...types, ...queries, ...bodies, ...values, ...names];
