import type { Json, Step } from '../step.ts';

/** Validation in full: groups, counts, order, recommended values, visibility and all messages. */

const sink = { 'connector.class': 'FileStreamSink', name: 'v', topics: '{{topic}}', file: '/tmp/out' };
const source = { 'connector.class': 'FileStreamSource', name: 'v', topic: '{{topic}}', file: '/tmp/in' };
const transforms = 'org.apache.kafka.connect.transforms';
const both = (name: string) => [`${name}$Key`, `${name}$Value`];
const plugins = [
  ...['Boolean', 'ByteArray', 'Double', 'Float', 'Integer', 'Long', 'Short'].map(
    type => `org.apache.kafka.connect.converters.${type}Converter`,
  ),
  'org.apache.kafka.connect.json.JsonConverter',
  'org.apache.kafka.connect.storage.StringConverter',
  'org.apache.kafka.connect.storage.SimpleHeaderConverter',
  ...[
    ...['Cast', 'ExtractField', 'Flatten', 'HeaderFrom', 'HoistField', 'InsertField', 'MaskField'].flatMap(both),
    ...['ReplaceField', 'SetSchemaMetadata', 'TimestampConverter'].flatMap(both),
    ...['DropHeaders', 'Filter', 'InsertHeader', 'RegexRouter', 'TimestampRouter', 'ValueToKey'],
    ...['HasHeaderKey', 'RecordIsTombstone', 'TopicNameMatches'].map(name => `predicates.${name}`),
  ].map(name => `${transforms}.${name}`),
];

/** The answer without documentation texts, keys and classes that only one server has, and versions. */
const inFull = (body: Json) => ({
  ...shared(body),
  configs: shared(body).configs.map(({ definition, value }: Json) => ({
    definition: definition && undocumented(definition),
    value: compared(value),
  })),
});
/** The order of all keys, and the values of the tested keys. */
const inShort = (about: Record<string, unknown>) => (body: Json) => ({
  ...shared(body),
  keys: shared(body)
    .configs.map(({ value }: Json) => value.name)
    .join(' '),
  configs: shared(body)
    .configs.filter(({ value }: Json) => value.errors.length > 0 || value.name in about || chain.test(value.name))
    .map(({ definition, value }: Json) => ({ kind: definition && kind(definition), ...compared(value) })),
});
/** The answer without keys that only Millrace has. */
const shared = (body: Json) => ({
  ...body,
  groups: body.groups.filter((group: string) => group !== 'Schedule'),
  configs: body.configs.filter(({ value }: Json) => !value.name.startsWith('millrace.')),
});
const chain = /^(transforms|predicates)\./;
const compared = (value: Json) => ({
  ...value,
  value: unversioned(value.value),
  recommended_values: recommended(value),
});
const kind = ({ type, required, importance, group, order_in_group, width, display_name }: Json) =>
  [type, required, importance, group, order_in_group, width, display_name].join(', ');
const undocumented = ({ documentation: _, default_value, ...rest }: Json) => ({
  ...rest,
  default_value: unversioned(default_value),
});
const version = /^\d+\.\d+\.\d+\S*$/;
const unversioned = (value: string | null) => (value !== null && version.test(value) ? '<version>' : value);
const recommended = ({ name, recommended_values: all }: Json): unknown[] =>
  name.endsWith('plugin.version')
    ? [...new Set(all.map(unversioned))]
    : all.filter((one: string) => one.startsWith('org.apache.kafka.connect.'));

const check = (
  what: string,
  config: Record<string, unknown>,
  plugin = 'FileStreamSink',
  differs?: Step['differs'],
): Step => ({
  name: `validate: ${what}`,
  method: 'PUT',
  path: `/connector-plugins/${plugin}/config/validate`,
  body: config,
  select: inShort(config),
  ...(differs && { differs }),
});
const other = (what: string, config: Record<string, unknown>, why: string, pattern: RegExp): Step =>
  check(what, config, 'FileStreamSink', { reason: why, status: 200, pattern });
const of = (what: string, config: Record<string, unknown>, differs?: Step['differs']) =>
  check(what, config, 'FileStreamSource', differs);

export const validate: readonly Step[] = [
  { ...check('a file sink', sink), select: inFull },
  { ...of('a file source', source), select: inFull },
  check('only the class', { 'connector.class': 'FileStreamSink' }),
  of('a source with only the class', { 'connector.class': 'FileStreamSource' }),
  check(
    'by the full name',
    { ...sink, 'connector.class': `org.apache.kafka.connect.file.FileStreamSinkConnector` },
    'org.apache.kafka.connect.file.FileStreamSinkConnector',
  ),
  check(
    'by the last part of the name',
    { ...sink, 'connector.class': `FileStreamSinkConnector` },
    'FileStreamSinkConnector',
  ),
  other(
    'without a class',
    { topics: 'a' },
    'Validate uses the class in the path if the body has none',
    /"error_count":1/,
  ),
  check('values that are not strings', { ...sink, 'tasks.max': 2, 'errors.log.enable': true }),
  other(
    'nulls',
    { ...sink, file: null, odd: null, 'tasks.max': null },
    'A null is a key without a value, for every key',
    /"error_count":3/,
  ),
  check('wrong types', {
    ...sink,
    'tasks.max': '1.5',
    'tasks.max.enforce': 'perhaps',
    'errors.retry.timeout': 'long',
    'errors.retry.delay.max.ms': '99999999999999999999',
    'errors.log.enable': 'yes',
    'errors.deadletterqueue.topic.replication.factor': 'x',
  }),
  check('numbers out of range', { ...sink, 'tasks.max': 0, 'errors.deadletterqueue.topic.replication.factor': 0 }),
  of('numbers of a source', {
    ...source,
    'tasks.max': '99999999999',
    'batch.size': 'x',
    'transaction.boundary.interval.ms': '0',
  }),
  of(
    'enumerated values of a source',
    {
      ...source,
      'exactly.once.support': 'maybe',
      'transaction.boundary': 'never',
      'offsets.storage.topic': '',
    },
    {
      reason: 'Allowed values of a key are listed in their configured form, and as recommended values',
      status: 200,
      pattern: /must be one of \(case insensitive\): required, requested/,
    },
  ),
  of('exactly once', { ...source, 'exactly.once.support': 'REQUESTED', 'transaction.boundary': 'Poll' }),
  of('groups of topics', {
    ...source,
    'topic.creation.groups': 'a',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
  }),
  of('groups of topics in full', {
    ...source,
    'topic.creation.groups': 'a',
    'topic.creation.a.include': 'x.*',
    'topic.creation.default.partitions': '1',
    'topic.creation.default.replication.factor': '1',
  }),
  of(
    'invalid numbers of topics',
    {
      ...source,
      'topic.creation.default.partitions': '0',
      'topic.creation.default.replication.factor': 'x',
    },
    { reason: 'Errors that would fail the tasks are found before they start', status: 200, pattern: /"error_count":2/ },
  ),
  other(
    'unknown converters',
    {
      ...sink,
      'key.converter': 'Nope',
      'value.converter': 'java.lang.String',
      'header.converter': '',
    },
    'A class that Millrace does not have is reported as unknown',
    /"error_count":3/,
  ),
  other(
    'converters with keys of their own',
    {
      ...sink,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'key.converter.converter.encoding': 'nope',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'perhaps',
      'value.converter.schemas.cache.size': 'x',
      'value.converter.decimal.format': 'ROMAN',
      'header.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    },
    'Errors that would fail the tasks are found before they start',
    /"Invalid value nope for configuration converter\.encoding/,
  ),
  check('a transform without settings', { ...sink, transforms: 'a,b' }),
  check('a transform twice', {
    ...sink,
    transforms: 'a,a',
    'transforms.a.type': `${transforms}.HoistField$Value`,
    'transforms.a.field': 'x',
  }),
  check('an unknown transform', { ...sink, transforms: 'a', 'transforms.a.type': 'Nope' }),
  check('a transform with an empty type', { ...sink, transforms: 'a', 'transforms.a.type': '' }),
  check('a transform that lacks a key', {
    ...sink,
    transforms: 'a',
    'transforms.a.type': `${transforms}.HoistField$Value`,
  }),
  check('a transform with a wrong key', {
    ...sink,
    transforms: 'a',
    'transforms.a.type': `${transforms}.TimestampConverter$Value`,
    'transforms.a.target.type': 'year',
    'transforms.a.unix.precision': 'weeks',
  }),
  other(
    'a transform by its short name',
    {
      ...sink,
      transforms: 'a',
      'transforms.a.type': 'HoistField$Value',
      'transforms.a.field': 'x',
    },
    'The package of a transform can be omitted',
    /"error_count":0/,
  ),
  other(
    'a transform with a predicate',
    {
      ...sink,
      transforms: 'a',
      'transforms.a.type': `${transforms}.Filter`,
      'transforms.a.predicate': 'p',
      'transforms.a.negate': 'perhaps',
      predicates: 'p',
      'predicates.p.type': `${transforms}.predicates.TopicNameMatches`,
      'predicates.p.pattern': '(',
    },
    'Errors of patterns have JavaScript’s wording',
    /pattern: Invalid regex/,
  ),
  check('negate without a predicate', {
    ...sink,
    transforms: 'a',
    'transforms.a.type': `${transforms}.Filter`,
    'transforms.a.negate': 'true',
  }),
  check('predicates without transforms', {
    ...sink,
    predicates: 'p,q',
    'predicates.p.type': `${transforms}.predicates.RecordIsTombstone`,
  }),
  check('an unknown predicate class', { ...sink, predicates: 'p', 'predicates.p.type': 'Nope' }),
  check('a predicate that is a transform', {
    ...sink,
    predicates: 'p',
    'predicates.p.type': `${transforms}.Filter`,
  }),
  check('a transform that is a predicate', {
    ...sink,
    transforms: 'a',
    'transforms.a.type': `${transforms}.predicates.RecordIsTombstone`,
  }),
  check('a transform that is a converter', {
    ...sink,
    transforms: 'a',
    'transforms.a.type': 'org.apache.kafka.connect.json.JsonConverter',
  }),
  check('converters of other kinds', {
    ...sink,
    'key.converter': 'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    'value.converter': `${transforms}.Filter`,
    'header.converter': `${transforms}.predicates.RecordIsTombstone`,
  }),
  other(
    'overrides of clients',
    { ...sink, 'consumer.override.max.poll.records': '5', 'consumer.override.nope': 'x' },
    'Client overrides are accepted and not listed',
    /"error_count":0/,
  ),
  check('an unknown reload', { ...sink, 'config.action.reload': 'sometimes' }),
  check('a name with a control character', { ...sink, name: 'a\u0007b' }),
  check('an empty name', { ...sink, name: '' }),
  check('unknown keys', { ...sink, foo: 'bar', 'transforms.x.type': 'y' }),
  check('topics with blanks', { ...sink, topics: ' a , b ,, ' }),
  check('topics and a pattern', { ...sink, 'topics.regex': 'a.*' }),
  other(
    'an invalid pattern',
    { 'connector.class': 'FileStreamSink', name: 'v', 'topics.regex': '[' },
    'Errors of patterns have JavaScript’s wording',
    /topics\.regex: Invalid regex/,
  ),
  check('dead letters into its own topic', { ...sink, 'errors.deadletterqueue.topic.name': '{{topic}}' }),
  ...['FileStreamSink', 'FileStreamSource'].map(
    (plugin): Step => ({
      name: `validate: the keys of ${plugin}`,
      method: 'GET',
      path: `/connector-plugins/${plugin}/config`,
      select: body => body.filter((key: Json) => !key.name.startsWith('millrace.')).map(undocumented),
    }),
  ),
  {
    name: 'validate: plugins of Kafka Connect itself',
    method: 'GET',
    path: '/connector-plugins?connectorsOnly=false',
    select: body =>
      body
        .filter((one: Json) => one.class.startsWith('org.apache.kafka.connect.'))
        .map((one: Json) => `${one.type} ${one.class}`)
        .sort(),
  },
  ...plugins.map(
    (plugin): Step => ({
      name: `validate: the keys of ${plugin}`,
      method: 'GET',
      path: `/connector-plugins/${plugin}/config`,
      select: body => body.map(undocumented),
    }),
  ),
];
