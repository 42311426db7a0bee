import { describe, expect, test } from 'vitest';
import { addressOf, parseSourceUrl } from '../../../connectors/jdbc-source/config/address.ts';
import { connector } from '../../../connectors/jdbc-source/index.ts';
import { tlsAttempts } from '../../../src/databases/tls.ts';

describe('a JDBC URL', () => {
  test.each([
    [
      'jdbc:mysql://localhost:3306/test?user=root',
      { product: 'mysql', host: 'localhost', port: 3306, database: 'test', user: 'root', tls: 'prefer' },
    ],
    [
      'jdbc:mariadb://db.example/shop',
      { product: 'mariadb', host: 'db.example', port: 3306, database: 'shop', user: undefined },
    ],
    ['jdbc:mysql://me:se%40cret@db:3307/shop', { user: 'me', password: 'se@cret', port: 3307 }],
    ['jdbc:mysql://db/shop?user=a&password=b%26c', { user: 'a', password: 'b&c' }],
    ['jdbc:mysql://db/shop?useSSL=false', { tls: 'disable' }],
    ['jdbc:mysql://db/shop?useSSL=true&requireSSL=true', { tls: 'require' }],
    [
      'jdbc:mysql://db/shop?sslMode=VERIFY_IDENTITY&connectTimeout=2500',
      { tls: 'verify-full', connectTimeoutMs: 2500 },
    ],
    ['jdbc:mariadb://db/shop?sslMode=trust', { tls: 'require' }],
    [
      'jdbc:mariadb://db/shop?sslMode=verify-ca&serverSslCert=/ca.pem',
      { tls: 'verify-ca', rootCertificate: '/ca.pem' },
    ],
    [
      'jdbc:postgresql://db:5433/shop?user=u&password=p&ssl=true',
      { product: 'postgresql', port: 5433, user: 'u', password: 'p', tls: 'verify-full' },
    ],
    [
      'jdbc:postgresql://[::1]/shop?sslmode=require&connectTimeout=3',
      { host: '::1', port: 5432, tls: 'require', connectTimeoutMs: 3000 },
    ],
    ['jdbc:postgresql:shop?currentSchema=a', { host: 'localhost', database: 'shop', searchPath: 'a' }],
  ])('%s', (url, expected) => {
    expect(parseSourceUrl(url)).toMatchObject(expected);
  });

  test.each([
    ['jdbc:oracle:thin:@db:1521', 'oracle is not supported'],
    ['mysql://db/shop', 'begins with jdbc:'],
    ['jdbc:mysql://a,b/shop', 'several hosts'],
    ['jdbc:mysql://db:99999/shop', 'is not host:port'],
    ['jdbc:mysql://db/shop?sslMode=sometimes', 'is none of'],
    ['jdbc:postgresql://db/shop?sslmode=sometimes', 'is none of'],
    ['jdbc:mysql://db/%zz', 'not a well-formed part'],
  ])('%s is rejected', (url, message) => {
    expect(() => parseSourceUrl(url)).toThrow(message);
  });
});

const textbook = {
  'connector.class': 'JdbcSourceConnector',
  'connection.url': 'jdbc:mysql://localhost:3306/test?user=root',
  mode: 'timestamp',
  'table.whitelist': 'login',
  'timestamp.column.name': 'login_time',
  'topic.prefix': 'mysql.',
};
const errorsOf = (more: Record<string, string>) => [...connector.config.check({ ...textbook, ...more }).errors];

describe('configuration', () => {
  test('the textbook configuration is valid and has Confluent’s defaults', () => {
    const { config, errors } = connector.config.check(textbook);
    expect([...errors]).toEqual([]);
    expect(config).toMatchObject({
      'poll.interval.ms': 5000,
      'table.poll.interval.ms': 60_000,
      'db.timezone': 'UTC',
      'numeric.mapping': 'none',
      'validate.non.null': true,
      rejectNullable: false,
      tables: null,
    });
    expect(connector.config.check({ ...textbook, 'validate.non.null': 'true' }).config?.rejectNullable).toBe(true);
  });

  test.each([
    [{ mode: 'sometimes' }, 'mode', 'String must be one of'],
    [{ 'timestamp.column.name': '' }, 'timestamp.column.name', 'Must specify timestamp.column.name'],
    [{ query: 'SELECT 1' }, 'table.whitelist', 'query may not be combined'],
    [{ 'table.blacklist': 'x' }, 'table.blacklist', 'cannot be specified together'],
    [
      { 'table.whitelist': '', 'table.include.list': '[' },
      'table.include.list',
      'Invalid regex: Unclosed character class',
    ],
    [{ 'db.timezone': 'Mars/Olympus' }, 'db.timezone', 'Invalid time zone'],
    [{ 'connection.url': 'jdbc:oracle:x' }, 'connection.url', 'not supported'],
    [{ 'batch.max.rows': '0' }, 'batch.max.rows', 'at least 1'],
    [{ mode: 'incrementing', query: 'SELECT 1', 'table.whitelist': '' }, 'incrementing.column.name', 'for a query'],
  ])('%j is rejected', (more, key, message) => {
    expect(errorsOf(more as Record<string, string>)).toEqual([
      [key, expect.arrayContaining([expect.stringContaining(message)])],
    ]);
  });

  test('include and exclude lists can be combined', () => {
    expect(errorsOf({ 'table.whitelist': '', 'table.include.list': 'a.*', 'table.exclude.list': 'a.b' })).toEqual([]);
  });

  test('connection.user and connection.password override the URL; TLS is tried first, then no TLS', async () => {
    const { config } = connector.config.check({ ...textbook, 'connection.user': 'me', 'connection.password': 'it' });
    if (config === undefined) throw new Error('refused');
    const address = addressOf(config);
    expect(address).toMatchObject({ user: 'me', password: 'it', database: 'test' });
    const attempts = await tlsAttempts(address, async () => Buffer.alloc(0));
    expect(attempts.map(tls => tls?.rejectUnauthorized)).toEqual([false, undefined]);
  });
});

describe('alterOffsets', () => {
  const alter = (partition: Record<string, string>, offset: Record<string, number | string> | null) =>
    connector.alterOffsets?.({} as never, [{ partition, offset }], {} as never);

  test.each([
    [
      { protocol: '1', table: 'test.login' },
      { timestamp: 1, timestamp_nanos: 1_000_000 },
    ],
    [{ query: 'query' }, { incrementing: 5 }],
    [{ table: 'login' }, null],
  ])('accepts %j', async (partition, offset) => {
    await expect(alter(partition as Record<string, string>, offset)).resolves.toBeUndefined();
  });

  test.each([
    [{ server: 'x' }, { lsn: 1 }],
    [{ protocol: '2', table: 'login' }, null],
    [{ query: 'query' }, { incrementing: 'five' }],
  ])('rejects %j %j', async (partition, offset) => {
    await expect(alter(partition as Record<string, string>, offset)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});
