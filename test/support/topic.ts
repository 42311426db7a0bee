import { randomBytes } from 'node:crypto';

/**
 * A unique name that is valid for a topic, connector, consumer group, database, replication slot and publication
 * (lower-case letters, digits, underscores; prefixes up to 40 characters keep it within PostgreSQL's 63).
 */
export function uniqueName(prefix: string): string {
  const name = `${prefix.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')}_${Date.now().toString(36)}${randomBytes(3).toString('hex')}`;
  if (name.length > 63) throw new Error(`name is too long for PostgreSQL: ${name}`);
  return name;
}
