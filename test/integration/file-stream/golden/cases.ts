/** Files as written in parts; each part is read before the next one is written. */
export const inputs: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  plain: ['one\ntwo\n'],
  crlf: ['one\r\ntwo\r\n\r\nfour\r\n'],
  'lone cr': ['one\rtwo\r\rfour\nfive\n'],
  'empty lines': ['\n\n\nfour\n\n'],
  'no end': ['one\ntwo'],
  'an end of line that arrives later': ['one\ntw', 'o\nthree\n'],
  'cr and lf in different parts': ['one\r', '\ntwo\n'],
  'byte order mark': ['\ufeffone\ntwo\n'],
  nul: ['o\0ne\n\0\n'],
  unicode: ['grüße\n日本\n👍\u2028x\u0085y\u000bz\u000c\n'],
  'no utf-8': [Buffer.from('ok\n\xff\xfe\n\xc3\n\xe6\x97\n\xed\xa0\x80\n\xf0\x9f\x91\nok\n', 'latin1')],
  'long line': [`${'x'.repeat(300_000)}\n${'é'.repeat(100_000)}\n`],
  growing: ['one\n', 'two\nthree\n', 'four\n'],
};

const schema = (type: object, payload: unknown): string => JSON.stringify({ schema: type, payload });
const field = (name: string, type: string, more: object = {}) => ({ field: name, type, optional: true, ...more });

/** Values of records as JsonConverter encodes them; null: no value. */
export const values: readonly (string | null)[] = [
  schema({ type: 'string' }, 'text'),
  schema({ type: 'string' }, ''),
  schema({ type: 'string' }, 'two\nlines\r\nof three'),
  schema({ type: 'string' }, 'grüße 日本 👍'),
  schema({ type: 'string', optional: true }, null),
  null,
  schema({ type: 'boolean' }, true),
  schema({ type: 'int8' }, -8),
  schema({ type: 'int64' }, 16),
  schema({ type: 'float' }, 0.1),
  schema({ type: 'double' }, 1),
  schema({ type: 'double' }, 1e10),
  schema({ type: 'double' }, 1.5e-7),
  schema({ type: 'array', items: { type: 'int32' } }, [1, 2, 3]),
  schema({ type: 'array', items: { type: 'string', optional: true } }, ['a', null, '']),
  schema({ type: 'map', keys: { type: 'string' }, values: { type: 'int32' } }, { a: 1 }),
  schema(
    {
      type: 'struct',
      name: 'shop.Order',
      fields: [field('id', 'int32'), field('item', 'string'), field('note', 'string')],
    },
    { id: 7, item: 'lamp', note: null },
  ),
  schema(
    {
      type: 'struct',
      fields: [
        field('inner', 'struct', { fields: [field('n', 'int64')] }),
        field('list', 'array', { items: { type: 'int32' } }),
      ],
    },
    { inner: { n: 1 }, list: [] },
  ),
  schema({ type: 'int32', name: 'org.apache.kafka.connect.data.Date' }, 20_000),
];
