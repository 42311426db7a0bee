/**
 * Versions of plugins as Kafka Connect takes them (KIP-891): `latest`, a version, or Maven ranges such as `[1.0,2.0)`.
 * Compared as Maven does: `1.0.Final` is `1`, and `1.0-beta` comes before it.
 */

/** Why the version that there is does not do, in Connect's words; undefined where it does. */
export function versionProblem(plugin: string, wanted: string, available: string): string | undefined {
  if (wanted === 'latest') return undefined;
  const text = wanted.trim();
  const ranges = /^[[(]/.test(text) ? rangesOf(text) : [{ from: text, to: text, above: false, below: false }];
  if (typeof ranges === 'string') return ranges;
  if (text !== '' && ranges.some(range => contains(range, available))) return undefined;
  const shown = /^[[(]/.test(text) ? text : `[${text},${text}]`;
  return `Plugin ${plugin} not found that matches the version range ${text === '' ? '[,]' : shown}, available versions: [${available}]`;
}

/** True for a version or a range of versions. */
export const isVersionSpec = (text: string): boolean =>
  !/^[[(]/.test(text.trim()) || typeof rangesOf(text.trim()) !== 'string';

interface Range {
  /** '' where there is no bound. */
  readonly from: string;
  readonly to: string;
  /** Bounds that are not part of the range. */
  readonly above: boolean;
  readonly below: boolean;
}

const RANGE = /\s*([[(])([^[\]()]*)([\])])\s*(?:,|$)/y;

function rangesOf(text: string): readonly Range[] | string {
  const ranges: Range[] = [];
  RANGE.lastIndex = 0;
  for (let at = 0; at < text.length; at = RANGE.lastIndex) {
    const match = RANGE.exec(text);
    if (match === null) return `Unbounded range: ${text.slice(at)}`;
    const [, open, inside = '', close] = match;
    const bounds = inside.split(',').map(bound => bound.trim());
    const [from = '', to = from] = bounds;
    if (bounds.length > 2 || (bounds.length === 1 && (open !== '[' || close !== ']')))
      return `Single version must be surrounded by []: ${match[0].trim()}`;
    ranges.push({ from, to, above: open === '(', below: close === ')' });
  }
  return ranges;
}

function contains({ from, to, above, below }: Range, version: string): boolean {
  const least = from === '' ? 1 : compare(version, from);
  const most = to === '' ? -1 : compare(version, to);
  return (above ? least > 0 : least >= 0) && (below ? most < 0 : most <= 0);
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

function compare(one: string, other: string): number {
  const [a, b] = [tokensOf(one), tokensOf(other)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareTokens(a[i] ?? padding(b[i]), b[i] ?? padding(a[i]));
    if (order !== 0) return order;
  }
  return 0;
}

const padding = (other: Token | undefined): Token => (typeof other === 'number' ? 0 : '');

/** A number comes after every qualifier. */
function compareTokens(a: Token, b: Token): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? 1 : -1;
  const [rank, otherRank] = [rankOf(a), rankOf(b)];
  if (rank !== otherRank) return rank - otherRank;
  return rank < QUALIFIERS.length || a === b ? 0 : a < b ? -1 : 1;
}

/** Unknown qualifiers come last, in the order of their letters. */
function rankOf(qualifier: string): number {
  const rank = QUALIFIERS.indexOf(qualifier);
  return rank < 0 ? QUALIFIERS.length : rank;
}

function tokensOf(version: string): Token[] {
  const parts = version.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
  return parts.map(part => (/^\d/.test(part) ? Number(part) : (ALIASES.get(part) ?? part)));
}
