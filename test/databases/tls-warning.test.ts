import { expect, test } from 'vitest';
import { tlsWarning } from '../../src/databases/tls-warning.ts';

const session = {
  server: 'PostgreSQL at db.example:5432',
  address: '192.0.2.7',
  isEncrypted: true,
  setting: 'sslmode=prefer',
  remedy: 'sslmode=verify-full in connection.url',
};

test('a connection to another machine that is not verified, or not encrypted, is warned of', () => {
  expect(tlsWarning(session)).toBe(
    "the connection to PostgreSQL at db.example:5432 is encrypted, but sslmode=prefer does not verify the server's certificate: another server could stand in its place. Set sslmode=verify-full in connection.url",
  );
  expect(tlsWarning({ ...session, isEncrypted: false })).toBe(
    'the connection to PostgreSQL at db.example:5432 is not encrypted: sslmode=prefer goes on without TLS where the server does not offer it. Set sslmode=verify-full in connection.url',
  );
});

test.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', undefined])('%s is this machine', address => {
  expect(tlsWarning({ ...session, address, isEncrypted: false })).toBeUndefined();
});

test.each(['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '::127.0.0.1', '12.7.0.1'])('%s is another machine', address => {
  expect(tlsWarning({ ...session, address })).toBeDefined();
});
