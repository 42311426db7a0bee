import { createHash } from 'node:crypto';

/** PostgreSQL's limit of an application name in bytes; it replaces characters other than printable ASCII. */
const MAX_BYTES = 63;
const DIGEST = 16;

/**
 * Name of a connector's sessions in `pg_stat_activity`, exactly as PostgreSQL stores it, so that sessions can be looked up by it.
 * suffix: starts with a slash, which names of connectors do not contain. A name that is too long is truncated and extended by
 * a digest.
 */
export function applicationName(connector: string, suffix = ''): string {
  const plain = `millrace ${connector}`;
  if (/^[ -~]*$/.test(plain) && plain.length + suffix.length <= MAX_BYTES) return plain + suffix;
  const digest = createHash('sha256').update(connector).digest('hex').slice(0, DIGEST);
  const truncated = plain.replaceAll(/[^ -~]/gu, '?').slice(0, MAX_BYTES - DIGEST - suffix.length - 1);
  return `${truncated} ${digest}${suffix}`;
}
