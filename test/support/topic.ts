import { randomBytes } from 'node:crypto';

/**
 * A name that no other test uses: fit for a topic, a connector, a consumer group, a database, a replication slot and a
 * publication alike (lower-case letters, digits, underscores; prefixes up to 40 characters keep it within PostgreSQL's 63).
 */
export function uniqueName(prefix: string): string {
  const name = `${prefix.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}_${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
  if (name.length > 63) throw new Error(`too long for a name in PostgreSQL: ${name}`);
  return name;
}
