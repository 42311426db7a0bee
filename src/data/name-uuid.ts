import { createHash } from 'node:crypto';

/** UUID of version 3 without a namespace, like Java's `UUID.nameUUIDFromBytes`. */
export function nameUuid(name: Uint8Array): string {
  const hash = createHash('md5').update(name).digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x30;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
