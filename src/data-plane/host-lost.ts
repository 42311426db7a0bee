import { MillraceError } from '../errors.ts';

/** Role of a request in the end of its host. */
export interface Suspicion {
  /**
   * `blocked`: code of this request was running. `possible`: it is one of several possible causes. `none`: another request is the
   * cause. `starved`: the host got no CPU.
   */
  readonly kind: 'blocked' | 'possible' | 'none' | 'starved';
  /** Functions that were running, innermost first; [] if unknown. */
  readonly stack: readonly string[];
}

/** A host ended, or was terminated because it stopped responding, before it answered a request. */
export class HostLostError extends MillraceError {
  override readonly name = 'HostLostError';
  readonly suspicion: Suspicion;

  constructor(message: string, suspicion: Suspicion) {
    super('TASK_UNRESPONSIVE', message);
    this.suspicion = suspicion;
  }

  /** True: the request may be the cause. */
  get isSuspect(): boolean {
    return this.suspicion.kind === 'blocked' || this.suspicion.kind === 'possible';
  }
}
