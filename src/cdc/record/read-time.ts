/** When a record was made: `ts_ms`, `ts_us` and `ts_ns` of its envelope. One for all changes that are read together. */
export interface ReadTime {
  /** Microseconds since 1970. */
  readonly micros: number;
  /** `,"ts_ms":…,"ts_us":…,"ts_ns":…}` */
  readonly text: Uint8Array;
}

export function readTimeNow(): ReadTime {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return {
    micros,
    text: Buffer.from(`,"ts_ms":${Math.floor(micros / 1000)},"ts_us":${micros},"ts_ns":${micros}000}`, 'latin1'),
  };
}
