import { expect, test } from 'vitest';
import { secretKeys } from '../../../src/config/secrets/secret-keys.ts';

const keys = [{ name: 'door.code', type: 'PASSWORD' }] as const;

test.each([
  ['connection.password', 'x'],
  ['database.password', `a\${b}c`],
  ['door.code', '1234'],
  ['producer.override.sasl.jaas.config', 'LoginModule required username="u" password="p";'],
  ['value.converter.basic.auth.user.info', 'me:x'],
  ['aws.secret.access.key', 'x'],
  ['api.key', 'x'],
  ['bearer.token', 'x'],
  ['connection.url', 'jdbc:postgresql://h/db?user=u&password=x'],
  ['connection.url', 'mysql://me:x@h/db'],
  ['connection.url', `jdbc:postgresql://h/db?user=\${env:USER}&password=x`],
])('%s=%s is secret', (key, value) => {
  expect(secretKeys({ topics: 't', [key]: value }, keys)).toEqual([key]);
});

test.each([
  ['connection.password', `\${file:/etc/secrets.properties:db}`],
  ['connection.password', `\${secret:3f0c7c1e-8a50-4f4c-9a0d-2f7d7ad8d8c1}`],
  ['connection.password', ''],
  ['door.code', `\${env:CODE}`],
  ['sasl.jaas.config', `LoginModule required username="u" password="\${file:/s:p}";`],
  ['connection.url', `jdbc:postgresql://h/db?user=u&password=\${file:/etc/secrets.properties:db}`],
  ['connection.url', `mysql://me:\${env:PASSWORD}@h/db`],
  ['connection.url', 'jdbc:postgresql://h:5432/db?user=u'],
  ['sasl.oauthbearer.token.endpoint.url', 'https://id.example.com/token'],
  ['database.password.file', '/run/secrets/db'],
  ['topics', 'password'],
])('%s=%s is not secret', (key, value) => {
  expect(secretKeys({ [key]: value }, keys)).toEqual([]);
});
