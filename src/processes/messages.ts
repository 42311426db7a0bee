/** What the processes of one worker say to each other, over the channel that Node gives a parent and its children. */
export type ToParent =
  /** This process serves. Said once. */
  | { readonly say: 'started' }
  /** Asks for the metrics of all processes; answered by `all` with the same id. */
  | { readonly say: 'ask'; readonly id: number }
  /** The own metrics, in Prometheus' text format; answers `figures`. */
  | { readonly say: 'own'; readonly id: number; readonly text: string }
  /** A log level was set here. */
  | LevelSet;

export type ToChild =
  | { readonly say: 'figures'; readonly id: number }
  | { readonly say: 'all'; readonly id: number; readonly texts: readonly string[] }
  | LevelSet;

export interface LevelSet {
  readonly say: 'level';
  readonly logger: string;
  /** A level by its Java name. */
  readonly level: string;
}

/** Which of the processes this is, counted from 1; in the environment of each. */
export const processVariable = 'MILLRACE_PROCESS';
