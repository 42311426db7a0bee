import { quoteIdentifier } from '../../../src/databases/postgresql/quote.ts';

/** PostgreSQL's NAMEDATALEN without the terminator: longer names are truncated. */
export const MAX_NAME_BYTES = 63;

/** The name as PostgreSQL stores it: truncated to 63 bytes, in lower case if not quoted. */
export function storedName(name: string, quoted: boolean): string {
  const folded = quoted ? name : name.replace(/[A-Z]+/g, letters => letters.toLowerCase());
  let bytes = 0;
  let length = 0;
  for (const char of folded) {
    bytes += Buffer.byteLength(char);
    if (bytes > MAX_NAME_BYTES) return folded.slice(0, length);
    length += char.length;
  }
  return folded;
}

export interface TableName {
  /** undefined: resolved by the search path. */
  readonly schema: string | undefined;
  readonly table: string;
}

/** `"shop"."orders"` */
export const quoteTable = ({ schema, table }: TableName): string =>
  schema === undefined ? quoteIdentifier(table) : `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

/** The parts of a dotted name; a part in double quotes may contain dots. */
export function nameParts(text: string): readonly string[] {
  const parts: string[] = [];
  const pattern = /"((?:[^"]|"")*)"|([^.]+)/gy;
  let position = 0;
  while (position < text.length) {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match === null) return [text];
    parts.push(match[1]?.replaceAll('""', '"') ?? (match[2] as string));
    position = pattern.lastIndex + 1;
    if (position <= text.length && text[position - 1] !== '.') return [text];
  }
  return parts;
}
