import type { StructSchema, Value } from '../../../src/api/index.ts';
import { mapOf, schemaOf, structOf, ValueStruct } from '../../../src/api/index.ts';
import { type Codec, latin1 } from '../../../src/cdc/record/codec.ts';
import { writeJson } from '../../../src/data/json/json-text.ts';
import { SemanticType } from '../../../src/debezium/semantic-type.ts';

/** Geometric types of PostgreSQL and PostGIS, as Debezium's structs with well-known binary (OGC 06-103r4). */
type Point = readonly [x: number, y: number];

const POINT = 1;
const LINE_STRING = 2;
const POLYGON = 3;

/** PostGIS's flag of well-known binary that contains a reference system. */
const HAS_SRID = 0x20000000;

const pointSchema = structOf(
  {
    x: schemaOf('float64'),
    y: schemaOf('float64'),
    wkb: schemaOf('bytes', { optional: true }),
    srid: schemaOf('int32', { optional: true }),
  },
  { name: SemanticType.Point, version: 1, doc: 'Geometry (POINT)' },
);
const lineSchema = structOf(
  { a: schemaOf('float64'), b: schemaOf('float64'), c: schemaOf('float64') },
  { name: SemanticType.Line, version: 1, doc: 'Geometry (LINE)' },
);
const circleSchema = structOf(
  { center: pointSchema, radius: schemaOf('float64') },
  { name: SemanticType.Circle, version: 1, doc: 'Geometry (CIRCLE)' },
);
const shape = (name: string, doc: string): StructSchema =>
  structOf(
    {
      wkb: schemaOf('bytes'),
      srid: schemaOf('int32', { optional: true }),
      extensions: mapOf(schemaOf('string'), schemaOf('string'), { optional: true }),
    },
    { name: `io.debezium.data.geometry.${name}`, version: 2, doc },
  );
const geometrySchema = shape('Geometry', 'Geometry');

/** Little-endian: byte order, type, then counts and coordinates. */
function wkb(type: number, counts: readonly number[], points: readonly Point[]): Buffer {
  const bytes = Buffer.alloc(5 + counts.length * 4 + points.length * 16);
  bytes[0] = 1;
  let at = bytes.writeUInt32LE(type, 1);
  for (const count of counts) at = bytes.writeUInt32LE(count, at);
  for (const [x, y] of points) at = bytes.writeDoubleLE(y, bytes.writeDoubleLE(x, at));
  return bytes;
}

const lineString = (points: readonly Point[]): Buffer => wkb(LINE_STRING, [points.length], points);
const ring = (points: readonly Point[]): Buffer => {
  const closed = [...points, points[0] as Point];
  return wkb(POLYGON, [1, closed.length], closed);
};

const numbersIn = (text: string): number[] =>
  (text.match(/-?(?:\d[\d.]*(?:e[-+]?\d+)?|Infinity)|NaN/gi) ?? []).map(Number);

function pointsIn(text: string): Point[] {
  const numbers = numbersIn(text);
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i] as number, numbers[2 * i + 1] as number]);
}

const pointStruct = (point: Point): ValueStruct =>
  new ValueStruct(pointSchema, [point[0], point[1], wkb(POINT, [], [point]), null]);

const geometryStruct = (bytes: Buffer, extensions: readonly (readonly [string, string])[]): ValueStruct =>
  new ValueStruct(geometrySchema, [bytes, null, new Map(extensions)]);

const struct = (schema: StructSchema, missing: Value, read: (text: string) => Value): Codec => ({
  schema,
  value: (bytes, start, end) => read(latin1(bytes, start, end)),
  json(bytes, start, end, out) {
    writeJson(out, schema, read(latin1(bytes, start, end)));
    return true;
  },
  missing,
});

export const point = struct(pointSchema, pointStruct([0, 0]), text => pointStruct(pointsIn(text)[0] as Point));

export const line = struct(
  lineSchema,
  new ValueStruct(lineSchema, [0, 0, 0]),
  text => new ValueStruct(lineSchema, numbersIn(text)),
);

const geometry = (read: (text: string) => Value): Codec =>
  struct(geometrySchema, new ValueStruct(geometrySchema, [Buffer.alloc(0), null, null]), read);

export const segment = geometry(text => geometryStruct(lineString(pointsIn(text)), [['type', 'lseg']]));

/** The box's four corners, starting at the upper right one. */
export const box = geometry(text => {
  const [[right, top], [left, bottom]] = pointsIn(text) as [Point, Point];
  const corners: Point[] = [
    [right, top],
    [right, bottom],
    [left, bottom],
    [left, top],
  ];
  return geometryStruct(ring(corners), [['type', 'box']]);
});

export const path = geometry(text =>
  geometryStruct(lineString(pointsIn(text)), [
    ['type', 'path'],
    ['closed', String(text.startsWith('('))],
  ]),
);

export const polygon = geometry(text => geometryStruct(ring(pointsIn(text)), [['type', 'polygon']]));

export const circle = struct(circleSchema, new ValueStruct(circleSchema, [pointStruct([0, 0]), 0]), text => {
  const [x = 0, y = 0, radius = 0] = numbersIn(text);
  return new ValueStruct(circleSchema, [pointStruct([x, y]), radius]);
});

/** PostGIS's text is extended well-known binary in hexadecimal, which contains the reference system. */
function postgis(name: string): Codec {
  const schema = shape(name, name);
  return struct(schema, new ValueStruct(schema, [Buffer.alloc(0), null, null]), text => {
    const bytes = Buffer.from(text, 'hex');
    const little = bytes[0] === 1;
    const type = little ? bytes.readUInt32LE(1) : bytes.readUInt32BE(1);
    const srid = (type & HAS_SRID) === 0 ? null : little ? bytes.readInt32LE(5) : bytes.readInt32BE(5);
    return new ValueStruct(schema, [bytes, srid, null]);
  });
}
export const postgisGeometry = postgis('Geometry');
export const postgisGeography = postgis('Geography');
