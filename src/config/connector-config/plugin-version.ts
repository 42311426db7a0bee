/**
 * Plugin versions of Kafka Connect (KIP-891): `latest`, a version, or Maven ranges such as `[1.0,2.0)`. The order is that
 * of Maven: `1.0.Final` equals `1`, and `1.0-beta` precedes it.
 */

/** Connect's error if the available version does not match the requested one; undefined if it matches. */
export function versionProblem(plugin: string, requested: string, available: string): string | undefined {
  if (requested === 'latest') return undefined;
  const text = requested.trim();
  const ranges = /^[[(]/.test(text)
    ? parseRanges(text)
    : [{ from: text, to: text, fromExclusive: false, toExclusive: false }];
  if (typeof ranges === 'string') return ranges;
  if (text !== '' && ranges.some(range => contains(range, available))) return undefined;
  const formatted = /^[[(]/.test(text) ? text : `[${text},${text}]`;
  return `Plugin ${plugin} not found that matches the version range ${text === '' ? '[,]' : formatted}, available versions: [${available}]`;
}

/** True for a version or a range of versions. */
export const isVersionSpec = (text: string): boolean =>
  !/^[[(]/.test(text.trim()) || typeof parseRanges(text.trim()) !== 'string';

interface Range {
  /** Lower bound; empty if unbounded. */
  readonly from: string;
  readonly to: string;
  /** True if the bound itself is not part of the range. */
  readonly fromExclusive: boolean;
  readonly toExclusive: boolean;
}

const RANGE = /\s*([[(])([^[\]()]*)([\])])\s*(?:,|$)/y;

function parseRanges(text: string): readonly Range[] | string {
  const ranges: Range[] = [];
  RANGE.lastIndex = 0;
  for (let position = 0; position < text.length; position = RANGE.lastIndex) {
    const match = RANGE.exec(text);
    if (match === null) return `Unbounded range: ${text.slice(position)}`;
    const [, open, content = '', close] = match;
    const bounds = content.split(',').map(bound => bound.trim());
    const [from = '', to = from] = bounds;
    if (bounds.length > 2 || (bounds.length === 1 && (open !== '[' || close !== ']')))
      return `Single version must be surrounded by []: ${match[0].trim()}`;
    ranges.push({ from, to, fromExclusive: open === '(', toExclusive: close === ')' });
  }
  return ranges;
}

function contains({ from, to, fromExclusive, toExclusive }: Range, version: string): boolean {
  const fromOrder = from === '' ? 1 : compare(version, from);
  const toOrder = to === '' ? -1 : compare(version, to);
  return (fromExclusive ? fromOrder > 0 : fromOrder >= 0) && (toExclusive ? toOrder < 0 : toOrder <= 0);
}

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
  ['cr', 'rc'],
  ['final', ''],
  ['ga', ''],
  ['release', ''],
]);

type Token = number | string;

function compare(version: string, other: string): number {
  const [a, b] = [tokenize(version), tokenize(other)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareTokens(a[i] ?? padding(b[i]), b[i] ?? padding(a[i]));
    if (order !== 0) return order;
  }
  return 0;
}

const padding = (other: Token | undefined): Token => (typeof other === 'number' ? 0 : '');

/** Numbers sort after all qualifiers. */
function compareTokens(a: Token, b: Token): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? 1 : -1;
  const [rank, otherRank] = [rankOf(a), rankOf(b)];
  if (rank !== otherRank) return rank - otherRank;
  return rank < QUALIFIERS.length || a === b ? 0 : a < b ? -1 : 1;
}

/** Unknown qualifiers sort last, in alphabetical order. */
function rankOf(qualifier: string): number {
  const rank = QUALIFIERS.indexOf(qualifier);
  return rank < 0 ? QUALIFIERS.length : rank;
}

function tokenize(version: string): Token[] {
  const parts = version.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
  return parts.map(part => (/^\d/.test(part) ? Number(part) : (ALIASES.get(part) ?? part)));
}
