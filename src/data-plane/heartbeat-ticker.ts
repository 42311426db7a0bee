/** Ticks per second. */
const SLOTS_PER_SECOND = 8;

/**
 * Timer wheel: calls many callbacks once a second with one timer. A timer per callback would wake the process, its connections
 * and its servers at as many moments. The callbacks are spread over the slots of a second to avoid a burst.
 */
export class HeartbeatTicker {
  readonly #slots = Array.from({ length: SLOTS_PER_SECOND }, () => new Set<() => void>());
  #timer: NodeJS.Timeout | undefined;
  #currentSlot = 0;
  #nextSlot = 0;

  /** beat: called once a second; must not throw. Returns the function that removes it. */
  add(beat: () => void): () => void {
    const slot = this.#slots[this.#nextSlot++ % SLOTS_PER_SECOND];
    slot?.add(beat);
    this.#timer ??= setInterval(() => {
      for (const callback of this.#slots[this.#currentSlot++ % SLOTS_PER_SECOND] ?? []) callback();
    }, 1000 / SLOTS_PER_SECOND);
    return () => {
      slot?.delete(beat);
      if (this.#slots.some(({ size }) => size > 0)) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }
}
