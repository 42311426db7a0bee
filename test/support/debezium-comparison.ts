/** Records of one change, or of one snapshot row, written by Debezium and by Millrace, as payloads of JsonConverter. */
export interface Pair {
  readonly debezium: JsonRecord;
  readonly millrace: JsonRecord;
}
export interface JsonRecord {
  readonly schema: Shape;
  readonly payload: Envelope;
}
interface Envelope {
  readonly op?: string;
  readonly before?: Row | null;
  readonly after?: Row | null;
  readonly source?: Row;
}
type Row = Readonly<Record<string, unknown>>;
interface Shape {
  readonly field?: string;
  readonly fields?: readonly Shape[];
}

/** A column whose schema or value differs. */
interface Difference {
  readonly part: 'schema' | 'value';
  readonly type: string;
  readonly op: string;
  readonly debezium: unknown;
  readonly millrace: unknown;
  readonly modes: Readonly<Record<string, string>>;
}

/** Expected differences, as in docs/reference/debezium-differences.md. */
const reasons: readonly (readonly [reason: string, explains: (one: Difference) => boolean])[] = [
  ['a negative scale is one', ({ type }) => type.startsWith('numeric(5,-2)')],
  [
    'arrays of every type',
    ({ type, part, debezium, millrace }) =>
      type.endsWith('[]') &&
      /^(bit|varbit|money|name|xml|interval|point|line|lseg|box|path|polygon|circle|price|tsvector|ltree|mood)\b/.test(
        type,
      ) &&
      (part === 'schema' ? isArray(millrace) : !Array.isArray(debezium)),
  ],
  ['placeholders in every type', ({ debezium, millrace }) => debezium === null && isPlaceholder(millrace)],
  ['name in the stream', ({ type, part, debezium }) => type === 'name' && part === 'value' && debezium === null],
  ['dates at infinity and before Christ', ({ type, part }) => /^date(\[\])?$/.test(type) && part === 'value'],
  [
    'times in arrays',
    ({ type, part }) => /^(time|timetz|timestamp|timestamptz)(\(\d\))?\[\]$/.test(type) && part === 'value',
  ],
  ['the end of a day', ({ debezium, millrace }) => debezium === '00:00:00Z' && millrace === '24:00:00Z'],
  ['polygons that are closed', ({ type, part }) => type === 'polygon' && part === 'value'],
  [
    'intervals beyond 2^53 microseconds',
    ({ type, debezium, millrace }) =>
      type === 'interval' && Math.abs(Number(debezium)) > 2 ** 53 && Math.abs(Number(millrace)) > 2 ** 53,
  ],
  [
    'digits of floats before Java 19',
    ({ type, part, debezium, millrace }) =>
      /^float[48](\[\])?$/.test(type) && part === 'value' && sameFloats(debezium, millrace),
  ],
  [
    'source.sequence after transactions that are skipped whole',
    ({ type, modes }) => type === 'source.sequence' && modes['skipped.operations'] !== 'none',
  ],
  ['NaN as text', ({ debezium, millrace }) => debezium === 'NAN' && millrace === 'NaN'],
  ['members of hstore', ({ type, debezium, millrace }) => type.startsWith('hstore') && sameMembers(debezium, millrace)],
];

/** Differences between the two records, by reason; `unexplained: …` for others. */
export function differences(
  { debezium, millrace }: Pair,
  types: ReadonlyMap<string, string>,
  modes: Readonly<Record<string, string>>,
): string[] {
  const op = debezium.payload.op ?? '';
  const differing: string[] = [];
  const compare = (part: Difference['part'], column: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) === JSON.stringify(b)) return;
    const type = types.get(column) ?? column;
    const one: Difference = { part, type, op, debezium: a, millrace: b, modes };
    const reason = reasons.find(([, explains]) => explains(one))?.[0];
    differing.push(
      reason ?? `unexplained: ${part} of ${type} in ${op}: ${brief(a)} in Debezium, ${brief(b)} in Millrace`,
    );
  };
  compare('value', 'op', debezium.payload.op, millrace.payload.op);
  compare('schema', 'envelope', withoutRows(debezium.schema), withoutRows(millrace.schema));
  const [debeziumColumns, millraceColumns] = [columnsOf(debezium.schema), columnsOf(millrace.schema)];
  for (const name of union(debeziumColumns, millraceColumns))
    compare('schema', name, debeziumColumns[name], millraceColumns[name]);
  for (const side of ['before', 'after'] as const) {
    const [a, b] = [debezium.payload[side] ?? {}, millrace.payload[side] ?? {}];
    for (const name of union(a, b)) compare('value', name, a[name], b[name]);
  }
  const [a, b] = [stable(debezium), stable(millrace)];
  for (const name of union(a, b)) compare('value', `source.${name}`, a[name], b[name]);
  return differing;
}

/** Fields of `source` that do not depend on the reader or the time of the snapshot. */
function stable({ payload: { source = {}, op } }: JsonRecord): Row {
  const volatile = ['version', 'ts_ms', 'ts_us', 'ts_ns', ...(op === 'r' ? ['lsn', 'txId', 'sequence'] : [])];
  return Object.fromEntries(Object.entries(source).filter(([name]) => !volatile.includes(name)));
}

const union = (a: Row, b: Row): Set<string> => new Set([...Object.keys(a), ...Object.keys(b)]);
const isArray = (schema: unknown): boolean => (schema as { type?: string } | undefined)?.type === 'array';
const brief = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 200);

const columnsOf = ({ fields }: Shape): Row =>
  Object.fromEntries(
    (fields?.find(({ field }) => field === 'after')?.fields ?? []).map(column => [column.field ?? '', column]),
  );
const withoutRows = (shape: Shape): unknown => ({
  ...shape,
  fields: shape.fields?.map(one => (/^(before|after)$/.test(one.field ?? '') ? { ...one, fields: [] } : one)),
});

const sameFloats = (a: unknown, b: unknown): boolean =>
  JSON.stringify([a].flat().map(each => Math.fround(Number(each)))) ===
  JSON.stringify([b].flat().map(each => Math.fround(Number(each))));

function sameMembers(a: unknown, b: unknown): boolean {
  const members = (value: unknown) =>
    JSON.stringify(
      [value].flat().map(each => Object.entries((typeof each === 'string' ? JSON.parse(each) : each) ?? {}).sort()),
    );
  return members(a) === members(b);
}

const PLACEHOLDER = '__debezium_unavailable_value';

/** True for the placeholder of unavailable values in the form of any type. */
function isPlaceholder(value: unknown): boolean {
  const text = JSON.stringify(value) ?? '';
  const forms = [
    PLACEHOLDER,
    Buffer.from(PLACEHOLDER).toString('base64').slice(0, 36),
    Buffer.from(PLACEHOLDER).toString('hex'),
    // A decimal with these bytes as its unscaled value.
    Buffer.from(PLACEHOLDER).toString('latin1'),
  ];
  if (forms.some(form => text.includes(form))) return true;
  // One element per byte or bit; POINT(-99999999 -99999999).
  return (
    (Array.isArray(value) && [PLACEHOLDER.length, PLACEHOLDER.length * 8].includes(value.length)) ||
    text.includes('AAD8g9eXwQAAAPyD15fB') ||
    text.includes('AAAA/IPXl8EAAAD8g9eXwQ')
  );
}
