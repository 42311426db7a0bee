import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';

/** PostgreSQL's NAMEDATALEN less its end: longer names are cut. */
export const MAX_BYTES = 63;

/** The name under which PostgreSQL keeps what is called `name`: cut to 63 bytes, in lower case where not quoted. */
export function stored(name: string, quoted: boolean): string {
  const folded = quoted ? name : name.replace(/[A-Z]+/g, letters => letters.toLowerCase());
  let bytes = 0;
  let length = 0;
  for (const char of folded) {
    bytes += Buffer.byteLength(char);
    if (bytes > MAX_BYTES) return folded.slice(0, length);
    length += char.length;
  }
  return folded;
}

export interface TableName {
  /** undefined: wherever the search path leads. */
  readonly schema: string | undefined;
  readonly table: string;
}

/** `"shop"."orders"` */
export const quoteTable = ({ schema, table }: TableName): string =>
  schema === undefined ? quoteIdentifier(table) : `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

/** The dotted parts of a name; a part in double quotes may hold dots. */
export function nameParts(text: string): readonly string[] {
  const parts: string[] = [];
  const pattern = /"((?:[^"]|"")*)"|([^.]+)/gy;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return [text];
    parts.push(match[1]?.replaceAll('""', '"') ?? (match[2] as string));
    at = pattern.lastIndex + 1;
    if (at <= text.length && text[at - 1] !== '.') return [text];
  }
  return parts;
}
