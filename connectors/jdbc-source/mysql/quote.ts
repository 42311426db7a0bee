/**
 * Text as a literal. A backslash is an escape or a character of its own as `sql_mode` has it, so what has one is written
 * by its bytes.
 */
export const quoteLiteral = (text: string): string =>
  text.includes('\\')
    ? `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`
    : `'${text.replaceAll("'", "''")}'`;
