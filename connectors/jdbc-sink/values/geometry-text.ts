import type { Value } from '../../../src/api/index.ts';
import { fieldOf, hex, isBytes, isMap, isNumber, type Literal, numberText } from './literal.ts';

const SRID_FLAG = 0x20000000;

/** Hexadecimal EWKB for PostGIS: WKB with the reference system. */
export const geometryText: Literal = value => {
  const [wkb, srid] = [fieldOf(value, 'wkb'), fieldOf(value, 'srid')];
  if (!isBytes(wkb) || wkb.length < 5) throw new Error('a geometry without its WKB');
  if (!isNumber(srid)) return hex(wkb);
  const little = wkb[0] === 1;
  const head = Buffer.alloc(9);
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
  const type = view.getUint32(1, little);
  if ((type & SRID_FLAG) !== 0) return hex(wkb);
  const out = new DataView(head.buffer, head.byteOffset, head.byteLength);
  head[0] = wkb[0] as number;
  out.setUint32(1, (type | SRID_FLAG) >>> 0, little);
  out.setInt32(5, srid, little);
  return hex(head) + hex(wkb.subarray(5));
};

function numberOf(value: Value | undefined, name: string): string {
  const number = value === undefined ? undefined : fieldOf(value, name);
  if (!isNumber(number)) throw new Error(`a geometry without the number ${name}`);
  return numberText(number);
}

export const lineText: Literal = value => `{${numberOf(value, 'a')},${numberOf(value, 'b')},${numberOf(value, 'c')}}`;

export const circleText: Literal = value => {
  const center = fieldOf(value, 'center');
  return `<(${numberOf(center, 'x')},${numberOf(center, 'y')}),${numberOf(value, 'radius')}>`;
};

const LINE_STRING = 2;
const POLYGON = 3;

/** Points of a line, or of a polygon with one ring, in well-known binary (WKB). */
function pointsOf(value: Value): string[] {
  const wkb = fieldOf(value, 'wkb');
  if (!isBytes(wkb) || wkb.length < 9) throw new Error('a geometry without its WKB');
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
  const little = wkb[0] === 1;
  const type = view.getUint32(1, little);
  const start = type === LINE_STRING ? 5 : 9;
  if (type !== LINE_STRING && !(type === POLYGON && view.getUint32(5, little) === 1))
    throw new Error('a geometry that is neither a line nor a polygon without holes');
  const count = view.getUint32(start, little);
  if (wkb.length !== start + 4 + count * 16) throw new Error('a geometry whose WKB is truncated');
  return Array.from({ length: count }, (_, i) => {
    const position = start + 4 + i * 16;
    return `(${numberText(view.getFloat64(position, little))},${numberText(view.getFloat64(position + 8, little))})`;
  });
}

/** Literals of PostgreSQL's geometric types from Debezium's geometries, by the column's type. */
export const geometricTexts: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['lseg', value => `[${pointsOf(value).join()}]`],
  // The geometry has four corners; two opposite ones define the box.
  [
    'box',
    value =>
      pointsOf(value)
        .filter((_, i) => i === 0 || i === 2)
        .join(),
  ],
  ['polygon', value => `(${pointsOf(value).slice(0, -1).join()})`],
  [
    'path',
    value => {
      const extensions = fieldOf(value, 'extensions');
      const isOpen = isMap(extensions) && extensions.get('closed') === 'false';
      return isOpen ? `[${pointsOf(value).join()}]` : `(${pointsOf(value).join()})`;
    },
  ],
]);

/** `io.debezium.data.geometry.Point` as PostgreSQL's point. */
export const pointText: Literal = value => {
  const [x, y] = [fieldOf(value, 'x'), fieldOf(value, 'y')];
  if (!isNumber(x) || !isNumber(y)) throw new Error('a point without its coordinates');
  return `(${numberText(x)},${numberText(y)})`;
};
