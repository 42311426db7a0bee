import { describe, expect, it } from 'vitest';
import { confluentSettings } from '../../../connectors/jdbc-sink/config/confluent.ts';
import { debeziumSettings } from '../../../connectors/jdbc-sink/config/debezium.ts';
import { parseDestination } from '../../../connectors/jdbc-sink/config/destination.ts';
import { offsetOf } from '../../../connectors/jdbc-sink/config/settings.ts';
import { confluentJdbcSink, debeziumJdbcSink } from '../../../connectors/jdbc-sink/index.ts';

const url = 'jdbc:postgresql://db.example:5433/shop?user=app&password=s%26t&reWriteBatchedInserts=true';

function confluent(props: Record<string, string>) {
  return confluentJdbcSink.config.check({ 'connection.url': url, ...props });
}
function debezium(props: Record<string, string>) {
  return debeziumJdbcSink.config.check({ 'connection.url': url, ...props });
}

describe('JDBC URL', () => {
  it('sets host, port, database, user and password; ignores parameters of the Java driver', () => {
    expect(parseDestination(url)).toMatchObject({
      host: 'db.example',
      port: 5433,
      database: 'shop',
      user: 'app',
      password: 's&t',
      tls: 'prefer',
    });
  });

  it.each([
    ['jdbc:postgresql:shop', { host: 'localhost', port: 5432, database: 'shop' }],
    ['jdbc:postgresql://h/', { host: 'h', port: 5432, database: '' }],
    ['jdbc:postgresql://h?user=me', { host: 'h', database: 'me', user: 'me' }],
    ['jdbc:postgresql://[::1]:6000/a%20b', { host: '::1', port: 6000, database: 'a b' }],
    [
      'jdbc:postgresql://h/d?sslmode=verify-full&sslrootcert=/ca.pem',
      { tls: 'verify-full', rootCertificate: '/ca.pem' },
    ],
    ['jdbc:postgresql://h/d?ssl=true', { tls: 'verify-full' }],
    ['jdbc:postgresql://h/d?ssl', { tls: 'verify-full' }],
    ['jdbc:postgresql://h/d?ssl=false', { tls: 'prefer' }],
    ['jdbc:postgresql://h/d?sslmode=allow', { tls: 'prefer' }],
    [
      'jdbc:postgresql://h/d?currentSchema=a,b&options=-c%20work_mem=1MB',
      { searchPath: 'a,b', options: '-c work_mem=1MB' },
    ],
    [
      'jdbc:postgresql://h/d?prepareThreshold=0&connectTimeout=3',
      { useNamedStatements: false, connectTimeoutMs: 3000 },
    ],
  ])('%s', (text, expected) => {
    expect(parseDestination(text)).toMatchObject(expected);
  });

  it.each([
    ['jdbc:mysql://h/d', /mysql is not supported; supported: PostgreSQL/],
    ['jdbc:oracle:thin:@h:1521:x', /oracle is not supported/],
    ['postgres://h/d', /begins with jdbc:/],
    ['jdbc:postgresql://a,b/d', /several hosts/],
    ['jdbc:postgresql://h:99999/d', /not host:port/],
    ['jdbc:postgresql://h:x/d', /not host:port/],
    ['jdbc:postgresql://h/%zz', /well-formed/],
    ['jdbc:postgresql://h/d?sslmode=maybe', /sslmode=maybe/],
  ])('%s is rejected as connection.url', (text, message) => {
    for (const check of [confluentJdbcSink.config.check, debeziumJdbcSink.config.check]) {
      const { config, errors } = check({ 'connection.url': text });
      expect(config).toBeUndefined();
      expect([...errors.keys()]).toEqual(['connection.url']);
      expect(errors.get('connection.url')?.[0]).toMatch(message);
    }
  });
});

describe('Confluent’s configuration', () => {
  it('requires connection.url, with Connect’s message', () => {
    expect(confluentJdbcSink.config.check({}).errors.get('connection.url')).toEqual([
      'Missing required configuration "connection.url" which has no default value.',
    ]);
  });

  it('has Confluent’s defaults', () => {
    const { config } = confluent({});
    expect(config).toMatchObject({
      'insert.mode': 'insert',
      'pk.mode': 'none',
      'delete.enabled': false,
      'auto.create': false,
      'batch.size': 3000,
      'max.retries': 10,
      'retry.backoff.ms': 3000,
      'table.name.format': '$'.concat('{topic}'),
      'db.timezone': 'UTC',
    });
  });

  it('connection.user and connection.password override the URL', () => {
    const { config } = confluent({ 'connection.user': 'other', 'connection.password': 'p' });
    expect(config && confluentSettings(config).destination).toMatchObject({
      user: 'other',
      password: 'p',
      database: 'shop',
    });
  });

  it.each([
    [
      { 'delete.enabled': 'true', 'pk.mode': 'record_value' },
      { 'delete.enabled': /Deletes are only supported for pk.mode record_key/, 'pk.mode': /record_key/ },
    ],
    [{ 'delete.enabled': 'true' }, { 'delete.enabled': /Deletes are only supported/, 'pk.mode': /Deletes/ }],
    [{ 'insert.mode': 'upsert' }, { 'pk.mode': /UPSERT mode requires key field names to be known/ }],
    [{ 'insert.mode': 'update', 'pk.mode': 'none' }, { 'pk.mode': /UPDATE mode requires key field names/ }],
    [{ 'pk.mode': 'kafka', 'pk.fields': 'a,b' }, { 'pk.fields': /exactly 3/ }],
    [{ 'insert.mode': 'merge' }, { 'insert.mode': /String must be one of/ }],
    [{ 'db.timezone': 'Mars/Olympus' }, { 'db.timezone': /Invalid time zone/ }],
    [{ 'table.types': 'TABLE,QUEUE' }, { 'table.types': /QUEUE/ }],
    [{ 'dialect.name': 'MySqlDatabaseDialect' }, { 'dialect.name': /only PostgreSqlDatabaseDialect/ }],
    [{ 'batch.size': '0' }, { 'batch.size': /at least 1/ }],
  ])('%o', (props, expected) => {
    const { config, errors } = confluent(props as unknown as Record<string, string>);
    expect(config).toBeUndefined();
    expect([...errors.keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [key, pattern] of Object.entries(expected)) expect(errors.get(key)?.join()).toMatch(pattern);
  });

  it('does not print passwords', () => {
    const key = confluentJdbcSink.config.keys.find(each => each.name === 'connection.password');
    expect(key?.type).toBe('PASSWORD');
  });

  it('fields.whitelist does not exclude key fields', () => {
    const { config } = confluent({ 'fields.whitelist': 'a, b' });
    const settings = config && confluentSettings(config);
    expect(['a', 'b', 'c'].map(field => settings?.includesField('t', field))).toEqual([true, true, false]);
  });
});

describe('Debezium’s configuration', () => {
  it('maps to the same settings', () => {
    const { config } = debezium({
      'connection.username': 'app',
      'insert.mode': 'upsert',
      'primary.key.mode': 'record_key',
      'primary.key.fields': 'id',
      'delete.enabled': 'true',
      'schema.evolution': 'basic',
      'use.reduction.buffer': 'true',
      'collection.name.format': 'x',
    });
    expect(config && debeziumSettings(config)).toMatchObject({
      insertMode: 'upsert',
      pkMode: 'record_key',
      pkFields: ['id'],
      deleteEnabled: true,
      createTables: true,
      addColumns: true,
      quoteIdentifiers: false,
      tableFormat: 'x',
    });
  });

  it('uses table.name.format without collection.name.format', () => {
    const { config } = debezium({ 'table.name.format': 'old' });
    expect(config && debeziumSettings(config).tableFormat).toBe('old');
  });

  it.each([
    [{ 'delete.enabled': 'true', 'primary.key.mode': 'kafka' }, ['delete.enabled', 'primary.key.mode']],
    [{ 'insert.mode': 'upsert' }, ['primary.key.mode']],
    [{ 'schema.evolution': 'advanced' }, ['schema.evolution']],
    [{ 'field.include.list': 'a', 'field.exclude.list': 'b' }, ['field.exclude.list']],
    [{ 'field.include.list': '(' }, ['field.include.list']],
    [{ 'column.naming.strategy': 'my.Own' }, ['column.naming.strategy']],
  ])('%o', (props, keys) => {
    expect([...debezium(props as unknown as Record<string, string>).errors.keys()].sort()).toEqual(keys);
  });

  it('filters fields by regular expressions for name or topic:name', () => {
    const { config } = debezium({ 'field.exclude.list': 'secret.*,orders:note' });
    const settings = config && debeziumSettings(config);
    expect(settings?.includesField('orders', 'secret_code')).toBe(false);
    expect(settings?.includesField('orders', 'note')).toBe(false);
    expect(settings?.includesField('users', 'note')).toBe(true);
  });
});

describe('time zones', () => {
  it.each([
    ['Z', '+00:00'],
    ['+2', '+02:00'],
    ['UTC+05:30', '+05:30'],
    ['GMT-3', '-03:00'],
    ['Europe/Berlin', undefined],
    ['+19:00', undefined],
  ])('%s', (zone, offset) => {
    expect(offsetOf(zone)).toBe(offset);
  });
});
