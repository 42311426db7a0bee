import type { Product } from '../../../src/databases/jdbc-url.ts';

/** Text between statements: whitespace, comments and semicolons. MySQL's comments with an exclamation mark are code. */
const insignificant = {
  postgresql: /\s+|--[^\n]*|;/y,
  mysql: /\s+|--(?=[\s]|$)[^\n]*|#[^\n]*|\/\*(?![!M])[\s\S]*?\*\/|;/y,
};
/** String literals and quoted names, which may contain anything. */
const quoted = {
  postgresql:
    /"(?:[^"]|"")*"|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|\$((?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?\$\1\$/y,
  mysql: /`(?:[^`]|``)*`|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"/y,
};

const openers = {
  postgresql: /"|[eE]?'|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y,
  mysql: /[`'"]|\/\*(?![!M])/y,
};

/**
 * Removes a trailing semicolon and the text after it, so that text can be appended to the statement. Returns the statement
 * unchanged without a semicolon, or if another statement follows.
 */
export function withoutSemicolon(sql: string, product: Product): string {
  const dialect = product === 'postgresql' ? 'postgresql' : 'mysql';
  let end: number | undefined;
  for (let at = 0; at < sql.length; ) {
    const blank = skip(sql, at, dialect);
    if (blank > at) {
      if (sql[at] === ';') end ??= at;
      at = blank;
      continue;
    }
    // Another statement: the database reports the error.
    if (end !== undefined) return sql;
    const next = after(quoted[dialect], sql, at);
    // An unterminated literal: the database reports the error.
    if (next === undefined && after(openers[dialect], sql, at) !== undefined) return sql;
    at = next ?? word(sql, at);
  }
  return end === undefined ? sql : sql.slice(0, end);
}

function skip(sql: string, at: number, dialect: keyof typeof insignificant): number {
  // Comments of PostgreSQL can be nested.
  if (dialect === 'postgresql' && sql.startsWith('/*', at)) return endOfComment(sql, at);
  return after(insignificant[dialect], sql, at) ?? at;
}

function endOfComment(sql: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

function after(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}

/** End of a word, as a dollar sign or an E inside it does not start a literal. */
const word = (sql: string, at: number): number => after(/[\w$\u0080-\uffff]+/y, sql, at) ?? at + 1;
