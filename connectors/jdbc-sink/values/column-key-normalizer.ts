import type { Schema } from '../../../src/api/index.ts';
import type { Column } from '../table/catalogue.ts';
import { floorDivide, type Instant, parseInstant } from './calendar.ts';
import { type Encoder, wireTypes } from './encoder.ts';
import { anyKey, exactKey, type KeyKind, type KeyNormalizer } from './key-normalizer.ts';
import { kindOf } from './kinds.ts';
import { numberNormalizer } from './number-key-normalizer.ts';

/**
 * Normalizer of a column's keys. If the column's equality is not known here, it is coarser than that: keys with the same
 * normalized form are written separately and in order, which is correct for different keys too.
 */
export function columnKeyNormalizer(column: Column, schema: Schema | null, { wire }: Encoder): KeyNormalizer {
  if (column.array || column.nondeterministic) return anyKey;
  const kind = schema === null ? 'plain' : kindOf(schema);
  // The server converts one into the other in the session's time zone, which may repeat an hour.
  const isConverted =
    (column.type === 'timestamp' && wire === wireTypes.timestamptz) ||
    (column.type === 'timestamptz' && wire === wireTypes.timestamp);
  return isConverted
    ? anyKey
    : (textNormalizer(column, kind) ?? numberNormalizer(column, kind) ?? timeNormalizer(column, kind) ?? anyKey);
}

const textKinds = new Set<KeyKind>(['string', 'plain', 'uuid', 'ltree']);

function textNormalizer({ type, modifier }: Column, kind: KeyKind): KeyNormalizer | undefined {
  switch (type) {
    case 'text':
    case 'bpchar':
      return exactKey;
    case 'varchar':
      // Spaces beyond the length are truncated.
      return modifier < 0 ? exactKey : key => key.replace(/ +$/, '');
    case 'name':
      return key => Buffer.from(key).subarray(0, 63).toString('latin1');
    case 'citext':
      // Coarser than the lower case of any locale: ignores accents and equates the Turkish forms of i.
      return key => key.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase().replaceAll('ı', 'i');
    case 'ltree':
      return textKinds.has(kind) ? exactKey : anyKey;
    case 'bool':
      return kind === 'boolean' ? exactKey : anyKey;
    case 'bytea':
      return kind === 'bytes' ? exactKey : anyKey;
    case 'uuid':
    case 'macaddr':
      return textKinds.has(kind) ? key => key.toLowerCase().replace(/[^0-9a-f]/g, '') : anyKey;
    case 'inet':
      return textKinds.has(kind) ? normalizeInet : anyKey;
    default:
      return undefined;
  }
}

/** Normalizes all IPv6 addresses to one form, as they have many spellings. */
function normalizeInet(key: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(key);
  return match === null ? '' : `${match.slice(1, 5).map(Number).join('.')}/${Number(match[5] ?? 32)}`;
}

const nanosToMicros: KeyNormalizer = nanos => (/^-?\d+$/.test(nanos) ? String(floorDivide(BigInt(nanos), 1000n)) : '');

/** Fractional digits of a column's seconds. */
const precisionOf = ({ modifier }: Column): number => (modifier < 0 ? 6 : modifier);

function timeNormalizer(column: Column, kind: KeyKind): KeyNormalizer | undefined {
  const precision = precisionOf(column);
  switch (column.type) {
    case 'date':
      if (kind === 'iso-date') return key => key.replace(/Z$/, '');
      return kind === 'connect-date' || kind === 'date' ? exactKey : anyKey;
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      break;
    case 'interval':
      return kind === 'micro-duration' ? exactKey : anyKey;
    default:
      return undefined;
  }
  const isTime = column.type === 'time';
  switch (kind) {
    case 'connect-time':
    case 'time':
      return isTime && precision >= 3 ? exactKey : anyKey;
    case 'micro-time':
      return isTime && precision === 6 ? exactKey : anyKey;
    case 'nano-time':
      return isTime && precision === 6 ? nanosToMicros : anyKey;
    case 'connect-timestamp':
    case 'timestamp':
      return !isTime && precision >= 3 ? exactKey : anyKey;
    case 'micro-timestamp':
      return !isTime && precision === 6 ? exactKey : anyKey;
    case 'nano-timestamp':
      return !isTime && precision === 6 ? nanosToMicros : anyKey;
    case 'zoned-timestamp':
      return !isTime && precision === 6 ? normalizeInstant : anyKey;
    default:
      return anyKey;
  }
}

function normalizeInstant(key: string): string {
  const instant: Instant = { seconds: 0, micros: 0 };
  return parseInstant(key, instant) ? String(BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros)) : key;
}
