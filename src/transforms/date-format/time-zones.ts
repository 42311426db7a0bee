/** Minutes ahead of UTC, and the first year from which on Java's time zone has them throughout. */
interface Zone {
  readonly offset: number;
  readonly since: number;
}

/**
 * Names of time zones that every Java version reads alike and as people mean them. Left out: IST, which is Israel's in Java
 * unless the machine is in India, and names for summer that Java reads without an hour, such as ACDT.
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

export interface ZoneRead extends Zone {
  readonly end: number;
}

/** The zone that z or Z reads: a name, `GMT`, `GMT+hh:mm`, `GMT+h:mm` or `+hhmm`. */
export function zoneAt(text: string, at: number): ZoneRead | undefined {
  if (text[at] === '+' || text[at] === '-') return offsetAt(text, at, /[+-](\d\d)(\d\d)/y);
  if (text.slice(at, at + 3).toUpperCase() !== 'GMT') return namedZoneAt(text, at);
  const signed = text[at + 3] === '+' || text[at + 3] === '-';
  return signed ? offsetAt(text, at + 3, /[+-](\d\d?):(\d\d)/y) : { offset: 0, since: -Infinity, end: at + 3 };
}

const isoForms = [/[+-](\d\d)(?!:?(?!00)[0-5]\d)/y, /[+-](\d\d)(\d\d)/y, /[+-](\d\d):(\d\d)/y];

/**
 * The zone that one to three letters X read: `Z`, or `+hh`, `+hhmm` and `+hh:mm`. Java reads `+05:30` by one X as five hours:
 * that is refused here.
 */
export function isoZoneAt(text: string, at: number, count: number): ZoneRead | undefined {
  if (text[at] === 'Z') return { offset: 0, since: -Infinity, end: at + 1 };
  const form = isoForms[count - 1];
  return form && offsetAt(text, at, form);
}

function offsetAt(text: string, at: number, form: RegExp): ZoneRead | undefined {
  form.lastIndex = at;
  const [whole, hours = '0', minutes = '0'] = form.exec(text) ?? [];
  if (whole === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = Number(hours) * 60 + Number(minutes);
  return { offset: whole.startsWith('-') ? -offset : offset, since: -Infinity, end: at + whole.length };
}

/** Java takes the beginning of a longer name, and `UTC` of `UTC+2`: these are refused here. */
function namedZoneAt(text: string, at: number): ZoneRead | undefined {
  const rest = text.slice(at, at + LONGEST_NAME).toLowerCase();
  for (let length = rest.length; length >= 3; length--) {
    const zone = zones.get(rest.slice(0, length));
    if (zone !== undefined) {
      const end = at + length;
      return /[\p{L}+-]/u.test(text.charAt(end)) ? undefined : { ...zone, end };
    }
  }
  return undefined;
}
