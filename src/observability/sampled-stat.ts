/** As Kafka's metrics by default: two samples of 30 s (`metrics.sample.window.ms`, `metrics.num.samples`). */
const WINDOW_MS = 30_000;
const SAMPLES = 2;

interface Sample {
  readonly began: number;
  count: number;
  sum: number;
  min: number;
  max: number;
}

/**
 * Rate, average, least and greatest of what was measured in the last half minute to minute, as Kafka's `SampledStat`
 * (org.apache.kafka.common.metrics.stats) keeps them. Without any measurement there: NaN, and a rate of 0.
 */
export class Sampled {
  #samples: Sample[] = [];
  readonly #now: () => number;

  /** now: milliseconds of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(value: number): void {
    const now = this.#now();
    let current = this.#samples.at(-1);
    if (current === undefined || now - current.began >= WINDOW_MS) {
      current = { began: now, count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
      this.#samples = [...this.#live(now), current];
    }
    current.count++;
    current.sum += value;
    if (value < current.min) current.min = value;
    if (value > current.max) current.max = value;
  }

  /** Sum by second. A span shorter than all whole samples counts as those, so that the first records are no burst. */
  get rate(): number {
    const now = this.#now();
    const live = this.#live(now);
    const oldest = live[0];
    if (oldest === undefined) return 0;
    const span = Math.max(now - oldest.began, WINDOW_MS * (SAMPLES - 1));
    return (total(live, 'sum') / span) * 1000;
  }

  get avg(): number {
    const live = this.#live(this.#now());
    return total(live, 'sum') / total(live, 'count');
  }

  get min(): number {
    return best(
      this.#live(this.#now()).map(sample => sample.min),
      Math.min,
    );
  }

  get max(): number {
    return best(
      this.#live(this.#now()).map(sample => sample.max),
      Math.max,
    );
  }

  #live(now: number): Sample[] {
    return this.#samples.filter(sample => now - sample.began < WINDOW_MS * SAMPLES);
  }
}

const total = (samples: readonly Sample[], what: 'sum' | 'count'): number =>
  samples.reduce((sum, sample) => sum + sample[what], 0);

const best = (values: readonly number[], pick: (...values: number[]) => number): number =>
  values.length === 0 ? Number.NaN : pick(...values);
