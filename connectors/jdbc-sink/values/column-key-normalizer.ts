import type { Schema } from '../../../src/api/index.ts';
import type { Column } from '../table/catalogue.ts';
import { floorDivide, type Instant, readInstant } from './calendar.ts';
import { type Encoder, wires } from './encoder.ts';
import { allEqual, exact, type KeyForm, type KeyKind } from './key-normalizer.ts';
import { kindOf } from './kinds.ts';
import { numberForm } from './number-key-normalizer.ts';

/**
 * The form of a column's keys. Coarser than the column's equality where that is not known here: keys of one form are kept
 * apart and in their order, which is right for different ones too.
 */
export function keyForm(column: Column, schema: Schema | null, { wire }: Encoder): KeyForm {
  if (column.array || column.nondeterministic) return allEqual;
  const kind = schema === null ? 'plain' : kindOf(schema);
  // The session's time zone, which may repeat an hour, makes one of the other.
  const isConverted =
    (column.type === 'timestamp' && wire === wires.timestamptz) ||
    (column.type === 'timestamptz' && wire === wires.timestamp);
  return isConverted
    ? allEqual
    : (textForm(column, kind) ?? numberForm(column, kind) ?? timeForm(column, kind) ?? allEqual);
}

const texts = new Set<KeyKind>(['string', 'plain', 'uuid', 'ltree']);

function textForm({ type, modifier }: Column, kind: KeyKind): KeyForm | undefined {
  switch (type) {
    case 'text':
    case 'bpchar':
      return exact;
    case 'varchar':
      // Spaces beyond the length are cut off.
      return modifier < 0 ? exact : key => key.replace(/ +$/, '');
    case 'name':
      return key => Buffer.from(key).subarray(0, 63).toString('latin1');
    case 'citext':
      // Coarser than the lower case of any locale: without accents and with both forms of the Turkish i.
      return key => key.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase().replaceAll('ı', 'i');
    case 'ltree':
      return texts.has(kind) ? exact : allEqual;
    case 'bool':
      return kind === 'boolean' ? exact : allEqual;
    case 'bytea':
      return kind === 'bytes' ? exact : allEqual;
    case 'uuid':
    case 'macaddr':
      return texts.has(kind) ? key => key.toLowerCase().replace(/[^0-9a-f]/g, '') : allEqual;
    case 'inet':
      return texts.has(kind) ? inetForm : allEqual;
    default:
      return undefined;
  }
}

/** Addresses of version 6 have many spellings, and are all one here. */
function inetForm(key: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(key);
  return match === null ? '' : `${match.slice(1, 5).map(Number).join('.')}/${Number(match[5] ?? 32)}`;
}

const micros: KeyForm = nanos => (/^-?\d+$/.test(nanos) ? String(floorDivide(BigInt(nanos), 1000n)) : '');

/** Decimals of the seconds of a column. */
const precisionOf = ({ modifier }: Column): number => (modifier < 0 ? 6 : modifier);

function timeForm(column: Column, kind: KeyKind): KeyForm | undefined {
  const precision = precisionOf(column);
  switch (column.type) {
    case 'date':
      if (kind === 'iso-date') return key => key.replace(/Z$/, '');
      return kind === 'connect-date' || kind === 'date' ? exact : allEqual;
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      break;
    case 'interval':
      return kind === 'micro-duration' ? exact : allEqual;
    default:
      return undefined;
  }
  const isTime = column.type === 'time';
  switch (kind) {
    case 'connect-time':
    case 'time':
      return isTime && precision >= 3 ? exact : allEqual;
    case 'micro-time':
      return isTime && precision === 6 ? exact : allEqual;
    case 'nano-time':
      return isTime && precision === 6 ? micros : allEqual;
    case 'connect-timestamp':
    case 'timestamp':
      return !isTime && precision >= 3 ? exact : allEqual;
    case 'micro-timestamp':
      return !isTime && precision === 6 ? exact : allEqual;
    case 'nano-timestamp':
      return !isTime && precision === 6 ? micros : allEqual;
    case 'zoned-timestamp':
      return !isTime && precision === 6 ? instantForm : allEqual;
    default:
      return allEqual;
  }
}

function instantForm(key: string): string {
  const instant: Instant = { seconds: 0, micros: 0 };
  return readInstant(key, instant) ? String(BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros)) : key;
}
