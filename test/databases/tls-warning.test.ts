import { expect, test } from 'vitest';
import { tlsWarning } from '../../src/databases/tls-warning.ts';

const session = {
  server: 'PostgreSQL at db.example:5432',
  address: '192.0.2.7',
  isEncrypted: true,
  setting: 'sslmode=prefer',
  remedy: 'sslmode=verify-full in connection.url',
};

test('warns about a connection to another machine that is not verified or not encrypted', () => {
  expect(tlsWarning(session)).toBe(
    "the connection to PostgreSQL at db.example:5432 is encrypted, but sslmode=prefer does not verify the server's certificate: another server could impersonate it. Set sslmode=verify-full in connection.url",
  );
  expect(tlsWarning({ ...session, isEncrypted: false })).toBe(
    'the connection to PostgreSQL at db.example:5432 is not encrypted: sslmode=prefer continues without TLS if the server does not support it. Set sslmode=verify-full in connection.url',
  );
});

test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', undefined])(
  '%s: no warning, as it is this machine',
  address => {
    expect(tlsWarning({ ...session, address, isEncrypted: false })).toBeUndefined();
  },
);

test.each(['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '::127.0.0.1', '12.7.0.1'])(
  '%s: a warning, as it is another machine',
  address => {
    expect(tlsWarning({ ...session, address })).toBeDefined();
  },
);
