import { MillraceError } from '../errors.ts';

/** What the end of a host says about one of its requests. */
export interface Suspicion {
  /**
   * `blocked`: code of this request was running; `possible`: it was one of several that may be the cause; `none`: it was
   * another one; `starved`: the machine gave the host no CPU.
   */
  readonly kind: 'blocked' | 'possible' | 'none' | 'starved';
  /** The request was the only one of the host. */
  readonly alone: boolean;
  /** The functions that ran, innermost first, where known. */
  readonly stack: readonly string[];
}

/** A host ended, or was ended because it stopped answering, before it answered a request. */
export class HostLostError extends MillraceError {
  override readonly name = 'HostLostError';
  readonly suspicion: Suspicion;

  constructor(message: string, suspicion: Suspicion) {
    super('TASK_UNRESPONSIVE', message);
    this.suspicion = suspicion;
  }

  /** The request may be the cause. */
  get isSuspect(): boolean {
    return this.suspicion.kind === 'blocked' || this.suspicion.kind === 'possible';
  }
}
