import { createHash } from 'node:crypto';

/** PostgreSQL cuts an application name to this many bytes, and replaces what is not printable ASCII. */
const MAX_BYTES = 63;
const DIGEST = 16;

/**
 * The name under which a connector's sessions are seen in `pg_stat_activity`, exactly as PostgreSQL keeps it: a session
 * is recognised by it. suffix: begins with a slash, which no connector's name has in it. A connector's name that does not fit is shown as far as it does, with a digest of the whole.
 */
export function applicationName(connector: string, suffix = ''): string {
  const plain = `millrace ${connector}`;
  if (/^[ -~]*$/.test(plain) && plain.length + suffix.length <= MAX_BYTES) return plain + suffix;
  const digest = createHash('sha256').update(connector).digest('hex').slice(0, DIGEST);
  const shown = plain.replaceAll(/[^ -~]/gu, '?').slice(0, MAX_BYTES - DIGEST - suffix.length - 1);
  return `${shown} ${digest}${suffix}`;
}
