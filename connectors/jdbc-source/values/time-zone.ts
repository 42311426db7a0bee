const HOUR = 3_600_000;
/** Time zones change their offsets at multiples of this, from 1970 on. */
const STEP = 900_000;
const LIMIT = 20_000;

/** Between instants and the clock on the wall of one time zone, in milliseconds; whole seconds. */
export interface Zone {
  /** Milliseconds as if the wall's clock were UTC. */
  toLocal(instant: number): number;
  /**
   * Of two instants with this time on the wall, the one in standard time; a time that the wall skips is read with the
   * offset before the gap, as java.util.GregorianCalendar has it.
   */
  toInstant(local: number): number;
}

const fixed = (offset: number): Zone => ({
  toLocal: instant => instant + offset,
  toInstant: local => local - offset,
});

/** name: an IANA name, `Z`, or an offset such as `UTC+02:00`. Throws RangeError. */
export function zoneOf(name: string): Zone {
  const offset = /^(?:UTC|GMT|UT)$/.test(name) ? 0 : fixedOffset(name);
  return offset === undefined ? named(name) : fixed(offset);
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

function named(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const known = new Map<number, number>();
  const offsetAt = (instant: number): number => {
    const step = Math.floor(instant / STEP);
    let offset = known.get(step);
    if (offset === undefined) {
      if (known.size >= LIMIT) known.clear();
      offset = offsetIn(format, step * STEP);
      known.set(step, offset);
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
