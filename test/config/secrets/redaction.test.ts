import { expect, test } from 'vitest';
import { Redaction } from '../../../src/config/secrets/redaction.ts';

const secret = 'pa+ss/wörd "7"\\&x';

test.each<readonly [string, string]>([
  ['as it is', secret],
  ['in JSON', JSON.stringify({ password: secret })],
  ['in a query', new URLSearchParams({ password: secret }).toString()],
  ['in a URL', `http://host/?password=${encodeURIComponent(secret)}`],
  ...['', 'u', 'us', 'use'].map(
    user =>
      [`in basic authentication after ${user}:`, btoa(Buffer.from(`${user}:${secret}`).toString('latin1'))] as const,
  ),
  ['in base64 of URLs', Buffer.from(`{"sub":"${secret}"}`).toString('base64url')],
])('a secret is redacted %s', (_, text) => {
  const left = new Redaction([secret]).text(`before ${text} after`);
  expect(left).toMatch(/^before .*\[hidden\].* after$/);
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  for (const form of forms) expect(left).not.toContain(form);
  const remaining = left.replaceAll(/before | after|\[hidden\]/g, '');
  expect(Buffer.from(remaining, 'base64').toString()).not.toContain('wörd');
});

test.each([
  ['jdbc:postgresql://localhost/db?user=me&password=pl%40nted&ssl=true', ['pl@nted', 'pl%40nted']],
  ['jdbc:mysql://me:pl%40nted@localhost/db', ['pl@nted', 'pl%40nted']],
  ['org.apache.kafka.common.security.plain.PlainLoginModule required username="me" password="planted";', ['planted']],
  ['jdbc:sqlserver://localhost;user=me;password=planted;', ['planted']],
  ['-----BEGIN PRIVATE KEY-----\nMIIEplantedline1\nplantedline2\n-----END PRIVATE KEY-----\n', ['plantedline2']],
  ['planted\n', ['planted']],
])('the password inside %j is redacted', (whole, parts) => {
  const redaction = new Redaction([whole]);
  for (const part of parts) expect(redaction.text(`refused: ${part}.`)).toBe('refused: [hidden].');
});

test('megabytes are redacted fast', () => {
  const began = performance.now();
  const redaction = new Redaction(['y'.repeat(1 << 20), `${'password'.repeat(10_000)}=planted`]);
  expect(redaction.text(`${'yz'.repeat(1 << 20)} planted`)).toMatch(/\[hidden\]$/);
  expect(performance.now() - began).toBeLessThan(2000);
});

test('short secrets are not redacted', () => {
  expect(new Redaction(['abc', '']).text('abc is as easy as 123')).toBe('abc is as easy as 123');
});

test('a longer secret is redacted before a secret that is part of it', () => {
  expect(new Redaction(['planted', 'planted-too']).fields({ text: 'planted-too', n: 1 })).toEqual({
    text: '[hidden]',
    n: 1,
  });
});
