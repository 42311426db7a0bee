const HOUR = 3_600_000;
/** Time zones have changed their offsets at multiples of this since 1970. */
const STEP = 900_000;
/** Maximum number of cached offsets. */
const MAX_CACHED = 20_000;

/** Conversion between instants and local times of a time zone, in milliseconds (whole seconds). */
export interface Zone {
  /** Local time as if it were UTC. */
  toLocal(instant: number): number;
  /**
   * Instant of a local time. Of two instants, the one in standard time; a skipped time has the offset before the gap, like in
   * java.util.GregorianCalendar.
   */
  toInstant(local: number): number;
}

const fixedZone = (offset: number): Zone => ({
  toLocal: instant => instant + offset,
  toInstant: local => local - offset,
});

/** name: an IANA name, `Z`, or an offset such as `UTC+02:00`. Throws RangeError. */
export function zoneOf(name: string): Zone {
  const offset = /^(?:UTC|GMT|UT)$/.test(name) ? 0 : fixedOffset(name);
  return offset === undefined ? namedZone(name) : fixedZone(offset);
}

export function timeZoneCheck(name: string): string | undefined {
  try {
    zoneOf(name);
    return undefined;
  } catch {
    return 'Invalid time zone identifier';
  }
}

function fixedOffset(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const match = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone);
  if (match === null || Number(match[2]) > 18) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}

function namedZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const cache = new Map<number, number>();
  const offsetAt = (instant: number): number => {
    const step = Math.floor(instant / STEP);
    let offset = cache.get(step);
    if (offset === undefined) {
      if (cache.size >= MAX_CACHED) cache.clear();
      offset = offsetIn(format, step * STEP);
      cache.set(step, offset);
    }
    return offset;
  };
  return {
    toLocal: instant => instant + offsetAt(instant),
    toInstant(local) {
      const before = offsetAt(local - 15 * HOUR);
      const after = offsetAt(local + 15 * HOUR);
      if (before === after) return local - before;
      const standard = Math.min(before, after);
      const summer = Math.max(before, after);
      if (offsetAt(local - standard) === standard) return local - standard;
      return offsetAt(local - summer) === summer ? local - summer : local - before;
    },
  };
}

/** `GMT`, `GMT+02:00` or `GMT-00:01:15`. */
function offsetIn(format: Intl.DateTimeFormat, instant: number): number {
  const part = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const match = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(part);
  if (match === null) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  return (match[1] === '-' ? -seconds : seconds) * 1000;
}
