/** Signal to the running tasks that this worker gives them up. */
export class LeaveSignal {
  #controller = new AbortController();

  get current(): AbortSignal {
    return this.#controller.signal;
  }

  leave(reason: string): void {
    this.#controller.abort(new Error(reason));
  }

  /** Tasks that start from now on run. */
  reset(): void {
    this.#controller = new AbortController();
  }
}
