/** In how many parts a second is divided. */
const PARTS = 8;

/**
 * Calls many once a second from few timers: what happens a hundred times at moments of its own wakes a process, its
 * connections and its servers a hundred times. Spread over some parts of the second, so that it does not come all at once.
 */
export class Pulse {
  readonly #parts = Array.from({ length: PARTS }, () => new Set<() => void>());
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #next = 0;

  /** beat: must not throw. Returns what ends it. */
  add(beat: () => void): () => void {
    const part = this.#parts[this.#next++ % PARTS];
    part?.add(beat);
    this.#timer ??= setInterval(() => {
      for (const one of this.#parts[this.#turn++ % PARTS] ?? []) one();
    }, 1000 / PARTS);
    return () => {
      part?.delete(beat);
      if (this.#parts.some(({ size }) => size > 0)) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }
}
