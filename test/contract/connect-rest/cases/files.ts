import type { Json, Step } from '../step.ts';

/** File connectors: their offsets, their topics and their tasks, with records. */

const source = { 'connector.class': 'FileStreamSource', file: '{{folder}}/input.txt', topic: '{{topic}}-lines' };
const sink = {
  'connector.class': 'FileStreamSink',
  file: '{{folder}}/output.txt',
  topics: '{{topic}}-lines',
  'consumer.override.group.id': '{{topic}}-sink',
  'consumer.override.auto.offset.reset': 'earliest',
};
const text = 'org.apache.kafka.connect.storage.StringConverter';
const inputFile = { filename: '{{folder}}/input.txt' };
const entry = (partition: unknown, offset: unknown) => ({ offsets: [{ partition, offset }] });
const alter = (what: string, body: unknown, differs?: Step['differs'], name = 'lines'): Step => ({
  name: `files: ${what}`,
  method: 'PATCH',
  path: `/connectors/${name}/offsets`,
  body,
  ...(differs && { differs }),
});
const mistake = 'An invalid request returns 400 with a message, not 500 with a Java exception';
const refused = (pattern: RegExp, what: string, body: unknown): Step =>
  alter(what, body, { reason: mistake, status: 400, pattern });
const get = (what: string, part: string, more: Partial<Step> = {}, name = 'lines'): Step => ({
  name: `files: ${what}`,
  method: 'GET',
  path: `/connectors/${name}/${part}`,
  ...more,
});
const put = (what: string, verb: string, name = 'lines'): Step => ({
  name: `files: ${what}`,
  method: 'PUT',
  path: `/connectors/${name}/${verb}`,
});
const states = (body: Json) => [body.connector.state, ...body.tasks.map((task: Json) => task.state)].join(' ');
const is = (what: string, state: string, name = 'lines'): Step =>
  get(what, 'status', { until: body => states(body) === state }, name);

const positions: Step[] = [
  {
    name: 'files: a stopped source',
    method: 'POST',
    path: '/connectors',
    body: { name: 'lines', config: source, initial_state: 'STOPPED' },
  },
  get('no offset', 'offsets'),
  refused(/contain the key 'position'/, 'an offset without a position', entry(inputFile, { other: 1 })),
  refused(/contain the key 'position'/, 'an empty offset', entry(inputFile, {})),
  refused(/expected to be a Long/, 'a position that is a text', entry(inputFile, { position: '10' })),
  refused(/expected to be a Long/, 'a position with a fraction', entry(inputFile, { position: 1.5 })),
  refused(/expected to be a Long/, 'a position that is null', entry(inputFile, { position: null })),
  refused(/non-negative/, 'a position below 0', entry(inputFile, { position: -1 })),
  refused(/contain the key 'filename'/, 'a partition without a file', entry({ file: 'x' }, { position: 1 })),
  refused(/contain the key 'filename'/, 'an empty partition', entry({}, { position: 1 })),
  refused(/cannot be null/, 'no partition', { offsets: [{ offset: { position: 1 } }] }),
  refused(/non-negative/, 'one wrong among right ones', {
    offsets: [
      { partition: inputFile, offset: { position: 4 } },
      { partition: { filename: 'other' }, offset: { position: -4 } },
    ],
  }),
  get('no offset was changed', 'offsets'),
  alter('one partition twice', {
    offsets: [
      { partition: inputFile, offset: { position: 1 } },
      { partition: inputFile, offset: { position: 4 } },
    ],
  }),
  get('the last one wins', 'offsets', { until: body => body.offsets.length === 1 }),
  alter('another file', entry({ filename: '/another' }, { position: 7 })),
  get('both files', 'offsets', {
    until: body => body.offsets.length === 2,
    select: body => body.offsets.map((one: Json) => one.offset.position).sort(),
  }),
  alter('the other is taken back', entry({ filename: '/another' }, null)),
  alter('the other is taken back again', entry({ filename: '/another' }, null)),
  get('one file', 'offsets', { until: body => body.offsets.length === 1 }),
];

const running: Step[] = [
  put('the source is resumed', 'resume'),
  is('the source runs', 'RUNNING RUNNING'),
  alter('an offset while it runs', entry(inputFile, { position: 0 })),
  { name: 'files: reset while it runs', method: 'DELETE', path: '/connectors/lines/offsets' },
  get('to the end', 'offsets', {
    until: body => body.offsets[0]?.offset.position === 14,
    differs: {
      reason: 'A file’s offset contains `inode` and `position`',
      status: 200,
      pattern: /"position":14/,
    },
  }),
  get('the topic that it uses', 'topics', { until: body => body.lines.topics.length === 1 }),
  get('its tasks', 'tasks', {
    select: body => body.map((task: Json) => [task.id, task.config.file, task.config.topic]),
  }),
  put('topics of one that runs are reset', 'topics/reset'),
  {
    name: 'files: a sink',
    method: 'PUT',
    path: '/connectors/written/config',
    body: { ...sink, 'value.converter': text },
  },
  is('the sink runs', 'RUNNING RUNNING', 'written'),
  get(
    'two lines are written',
    'offsets',
    {
      until: body => body.offsets.some((one: Json) => one.offset.kafka_offset >= 2),
      // The transaction's control record after the lines has an offset, too.
      select: body => body.offsets.map((one: Json) => one.partition),
    },
    'written',
  ),
  get('the topic that the sink uses', 'topics', { until: body => body.written.topics.length === 1 }, 'written'),
  get('status of the sink', 'status', {}, 'written'),
  { name: 'files: restart of the sink’s task', method: 'POST', path: '/connectors/written/tasks/0/restart' },
  is('the sink runs again', 'RUNNING RUNNING', 'written'),
  put('the sink is stopped', 'stop', 'written'),
  is('the sink has no tasks', 'STOPPED', 'written'),
  put('topics of the sink are reset', 'topics/reset', 'written'),
  get('no topics any more', 'topics', { until: body => body.written.topics.length === 0 }, 'written'),
  alter(
    'the offsets of the sink are set',
    entry({ kafka_topic: '{{topic}}-lines', kafka_partition: 0 }, { kafka_offset: 1 }),
    undefined,
    'written',
  ),
  get('the new offsets of the sink', 'offsets', {}, 'written'),
  alter(
    'the sink’s numbers as texts',
    entry({ kafka_topic: '{{topic}}-lines', kafka_partition: '0' }, { kafka_offset: '2' }),
    undefined,
    'written',
  ),
  get('the sink’s numbers', 'offsets', {}, 'written'),
  { name: 'files: the sink starts from the beginning', method: 'DELETE', path: '/connectors/written/offsets' },
  get('no offsets of the sink', 'offsets', {}, 'written'),
];

const ends: Step[] = [
  put('the source is stopped', 'stop'),
  is('the source has no tasks', 'STOPPED'),
  put('topics of the source are reset', 'topics/reset'),
  get('the source uses none', 'topics', { until: body => body.lines.topics.length === 0 }),
  { name: 'files: the source is deleted', method: 'DELETE', path: '/connectors/lines' },
  {
    name: 'files: the source is made again',
    method: 'POST',
    path: '/connectors',
    body: { name: 'lines', config: source, initial_state: 'STOPPED' },
  },
  get('its offset is still there', 'offsets', { select: body => body.offsets[0].offset.position }),
  { name: 'files: the source starts from the beginning', method: 'DELETE', path: '/connectors/lines/offsets' },
  get('no offsets', 'offsets'),
  { name: 'files: reset without offsets', method: 'DELETE', path: '/connectors/lines/offsets' },
  {
    name: 'files: the source reads the standard input',
    method: 'PATCH',
    path: '/connectors/lines/config',
    body: { file: null },
  },
  refused(/stdin is used/, 'an offset of the standard input', entry(inputFile, { position: 1 })),
  {
    name: 'files: reset of the standard input',
    method: 'DELETE',
    path: '/connectors/lines/offsets',
    differs: { reason: mistake, status: 400, pattern: /stdin is used/ },
  },
  {
    name: 'files: a sink without write permission',
    method: 'POST',
    path: '/connectors',
    body: {
      name: 'nowhere',
      config: { ...sink, file: '{{folder}}/none/output.txt', 'consumer.override.group.id': '{{topic}}-no' },
    },
  },
  is('its task has failed', 'RUNNING FAILED', 'nowhere'),
  get('why its task has failed', 'tasks/0/status', {}, 'nowhere'),
  {
    name: 'files: only the failed task is restarted',
    method: 'POST',
    path: '/connectors/nowhere/restart?includeTasks=true&onlyFailed=true',
    select: body => [body.name, body.connector.state, body.tasks.map((task: Json) => task.id), body.type],
  },
  is('its task has failed again', 'RUNNING FAILED', 'nowhere'),
  put('the failed one is paused', 'pause', 'nowhere'),
  get('a failed task is not paused', 'status', { until: body => body.connector.state === 'PAUSED' }, 'nowhere'),
  ...['lines', 'written', 'nowhere'].map(
    (name): Step => ({ name: `files: ${name} is deleted at last`, method: 'DELETE', path: `/connectors/${name}` }),
  ),
  get('no topics of a deleted connector', 'topics'),
  alter('an offset of a deleted connector', entry(inputFile, { position: 1 })),
];

export const files: readonly Step[] = [...positions, ...running, ...ends];
