/** Kafka's default: two samples of 30 s (`metrics.sample.window.ms`, `metrics.num.samples`). */
const WINDOW_MS = 30_000;
const SAMPLES = 2;

interface Sample {
  readonly startedAt: number;
  count: number;
  sum: number;
  min: number;
  max: number;
}

/**
 * Rate, average, minimum and maximum of the values of the last 30 to 60 seconds, like Kafka's `SampledStat`
 * (org.apache.kafka.common.metrics.stats). Without values in that time: NaN, and a rate of 0.
 */
export class SampledStat {
  #samples: Sample[] = [];
  readonly #now: () => number;

  /** now: milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(value: number): void {
    const now = this.#now();
    let current = this.#samples.at(-1);
    if (current === undefined || now - current.startedAt >= WINDOW_MS) {
      current = { startedAt: now, count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
      this.#samples = [...this.#currentSamples(now), current];
    }
    current.count++;
    current.sum += value;
    if (value < current.min) current.min = value;
    if (value > current.max) current.max = value;
  }

  /** Sum per second. The time span is at least one sample, so that the first values do not look like a burst. */
  get rate(): number {
    const now = this.#now();
    const samples = this.#currentSamples(now);
    const oldest = samples[0];
    if (oldest === undefined) return 0;
    const span = Math.max(now - oldest.startedAt, WINDOW_MS * (SAMPLES - 1));
    return (total(samples, 'sum') / span) * 1000;
  }

  get avg(): number {
    const samples = this.#currentSamples(this.#now());
    return total(samples, 'sum') / total(samples, 'count');
  }

  get min(): number {
    return extreme(
      this.#currentSamples(this.#now()).map(sample => sample.min),
      Math.min,
    );
  }

  get max(): number {
    return extreme(
      this.#currentSamples(this.#now()).map(sample => sample.max),
      Math.max,
    );
  }

  #currentSamples(now: number): Sample[] {
    return this.#samples.filter(sample => now - sample.startedAt < WINDOW_MS * SAMPLES);
  }
}

const total = (samples: readonly Sample[], field: 'sum' | 'count'): number =>
  samples.reduce((sum, sample) => sum + sample[field], 0);

const extreme = (values: readonly number[], pick: (...values: number[]) => number): number =>
  values.length === 0 ? Number.NaN : pick(...values);
