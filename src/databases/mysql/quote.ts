/** A name as a quoted identifier. */
export const quoteIdentifier = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/**
 * Text as a literal. `sql_mode` decides if a backslash is an escape, so text that contains one is written as
 * hexadecimal bytes.
 */
export const quoteLiteral = (text: string): string =>
  text.includes('\\')
    ? `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`
    : `'${text.replaceAll("'", "''")}'`;
