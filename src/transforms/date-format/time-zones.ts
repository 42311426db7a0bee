/** Offset in minutes ahead of UTC, and the first year since which Java's time zone has had no other offset. */
interface Zone {
  readonly offset: number;
  readonly since: number;
}

/**
 * Names of time zones that all Java versions interpret alike and as intended. Excludes IST, which Java interprets as Israel
 * Standard Time except on machines in India, and names of summer times that Java reads with the standard offset, such as
 * ACDT.
 */
const table: readonly (readonly [abbreviation: string, name: string, offset: number, since: number])[] = [
  ['UTC', 'Coordinated Universal Time', 0, -Infinity],
  ['EST', 'Eastern Standard Time', -300, 1900],
  ['EDT', 'Eastern Daylight Time', -240, 1900],
  ['CST', 'Central Standard Time', -360, 1938],
  ['CDT', 'Central Daylight Time', -300, 1938],
  ['MST', 'Mountain Standard Time', -420, 1900],
  ['MDT', 'Mountain Daylight Time', -360, 1900],
  ['PST', 'Pacific Standard Time', -480, 1900],
  ['PDT', 'Pacific Daylight Time', -420, 1900],
  ['AKST', 'Alaska Standard Time', -540, 1985],
  ['AKDT', 'Alaska Daylight Time', -480, 1985],
  ['HST', 'Hawaii-Aleutian Standard Time', -600, 1948],
  ['AST', 'Atlantic Standard Time', -240, 1904],
  ['ADT', 'Atlantic Daylight Time', -180, 1904],
  ['NST', 'Newfoundland Standard Time', -210, 1936],
  ['NDT', 'Newfoundland Daylight Time', -150, 1936],
  ['WET', 'Western European Standard Time', 0, 1997],
  ['WEST', 'Western European Summer Time', 60, 1997],
  ['CET', 'Central European Standard Time', 60, 1947],
  ['CEST', 'Central European Summer Time', 120, 1947],
  ['EET', 'Eastern European Standard Time', 120, 1933],
  ['EEST', 'Eastern European Summer Time', 180, 1933],
  ['BST', 'British Summer Time', 60, 1973],
  ['MSK', 'Moscow Standard Time', 180, 2016],
  ['WAT', '', 60, 1921],
  ['CAT', 'Central Africa Time', 120, 1910],
  ['EAT', 'East Africa Time', 180, 1944],
  ['SAST', 'South Africa Standard Time', 120, 1945],
  ['PKT', 'Pakistan Standard Time', 300, 1953],
  ['', 'India Standard Time', 330, 2007],
  ['WIB', '', 420, 1965],
  ['HKT', 'Hong Kong Standard Time', 480, 1981],
  ['', 'China Standard Time', 480, 1992],
  ['', 'Singapore Standard Time', 480, 1983],
  ['JST', 'Japan Standard Time', 540, 1952],
  ['KST', 'Korean Standard Time', 540, 1990],
  ['AWST', 'Australian Western Standard Time', 480, 1900],
  ['ACST', 'Australian Central Standard Time', 570, 1900],
  ['AEST', 'Australian Eastern Standard Time', 600, 1900],
  ['AEDT', 'Australian Eastern Daylight Time', 660, 1900],
  ['NZST', 'New Zealand Standard Time', 720, 1947],
  ['NZDT', 'New Zealand Daylight Time', 780, 1947],
];

const zones: ReadonlyMap<string, Zone> = new Map(
  table.flatMap(([abbreviation, name, offset, since]) =>
    [abbreviation, name].filter(each => each !== '').map(each => [each.toLowerCase(), { offset, since }] as const),
  ),
);
export const zoneNames: readonly string[] = [...zones.keys()];
const LONGEST_NAME = Math.max(...zoneNames.map(name => name.length));

export interface ParsedZone extends Zone {
  readonly end: number;
}

/** Parses a zone for the letters z and Z: a name, `GMT`, `GMT+hh:mm`, `GMT+h:mm` or `+hhmm`. */
export function parseZone(text: string, position: number): ParsedZone | undefined {
  if (text[position] === '+' || text[position] === '-') return parseOffset(text, position, /[+-](\d\d)(\d\d)/y);
  if (text.slice(position, position + 3).toUpperCase() !== 'GMT') return parseZoneName(text, position);
  const signed = text[position + 3] === '+' || text[position + 3] === '-';
  return signed
    ? parseOffset(text, position + 3, /[+-](\d\d?):(\d\d)/y)
    : { offset: 0, since: -Infinity, end: position + 3 };
}

const isoPatterns = [/[+-](\d\d)(?!:?(?!00)[0-5]\d)/y, /[+-](\d\d)(\d\d)/y, /[+-](\d\d):(\d\d)/y];

/**
 * Parses a zone for one to three letters X: `Z`, or `+hh`, `+hhmm` and `+hh:mm`. Rejects `+05:30` for one X, which Java
 * reads as five hours.
 */
export function parseIsoZone(text: string, position: number, count: number): ParsedZone | undefined {
  if (text[position] === 'Z') return { offset: 0, since: -Infinity, end: position + 1 };
  const pattern = isoPatterns[count - 1];
  return pattern && parseOffset(text, position, pattern);
}

function parseOffset(text: string, position: number, pattern: RegExp): ParsedZone | undefined {
  pattern.lastIndex = position;
  const [match, hours = '0', minutes = '0'] = pattern.exec(text) ?? [];
  if (match === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = Number(hours) * 60 + Number(minutes);
  return { offset: match.startsWith('-') ? -offset : offset, since: -Infinity, end: position + match.length };
}

/** Rejects longer names that start with a zone name, and `UTC+2`, both of which Java parses in part. */
function parseZoneName(text: string, position: number): ParsedZone | undefined {
  const rest = text.slice(position, position + LONGEST_NAME).toLowerCase();
  for (let length = rest.length; length >= 3; length--) {
    const zone = zones.get(rest.slice(0, length));
    if (zone !== undefined) {
      const end = position + length;
      return /[\p{L}+-]/u.test(text.charAt(end)) ? undefined : { ...zone, end };
    }
  }
  return undefined;
}
