import type {
  ConnectorArgs,
  ConnectorConfig,
  ConnectorType,
  ContinuedState,
  PlanArgs,
  TargetState,
} from '../shared/messages.ts';

/** Limits the size of the status and of the state for continue-as-new. */
const MAX_TOPICS = 1000;
const CONTINUOUS = 'continuous';

/** Configuration, target state and topics of a connector: all that updates and signals change, tasks and offsets apart. */
export class ConnectorState {
  readonly cluster: string;
  readonly name: string;
  readonly type: ConnectorType;
  readonly #topics: Set<string>;
  #config: ConnectorConfig;
  #target: TargetState;
  #revision: number;
  #planFailure: string | undefined;
  #deleting = false;
  #changes = 0;

  constructor(args: ConnectorArgs, { trace, topics = [] }: ContinuedState) {
    this.cluster = args.cluster;
    this.name = args.name;
    this.type = args.type;
    this.#topics = new Set(topics);
    this.#config = args.config;
    this.#target = args.state ?? 'RUNNING';
    this.#revision = args.revision ?? 0;
    this.#planFailure = trace;
  }

  get config(): ConnectorConfig {
    return this.#config;
  }

  get target(): TargetState {
    return this.#target;
  }

  /** Number of configurations after the first one. */
  get revision(): number {
    return this.#revision;
  }

  /** Trace of the last plan, if it failed. */
  get planFailure(): string | undefined {
    return this.#planFailure;
  }

  get isDeleting(): boolean {
    return this.#deleting;
  }

  /** Number of changes that require a new set of tasks. The main loop compares it with the number that it started for. */
  get changes(): number {
    return this.#changes;
  }

  get topics(): string[] {
    return [...this.#topics];
  }

  get isScheduled(): boolean {
    return (this.#config['millrace.schedule'] ?? CONTINUOUS).trim().toLowerCase() !== CONTINUOUS;
  }

  /** The connector in the arguments of its activities. */
  get planArgs(): PlanArgs {
    return { cluster: this.cluster, connector: this.name, config: this.#config };
  }

  setTarget(target: TargetState): void {
    this.#target = target;
  }

  configure(config: ConnectorConfig): void {
    this.#config = config;
    this.#revision++;
  }

  delete(): void {
    this.#deleting = true;
  }

  failPlan(trace: string): void {
    this.#planFailure = trace;
  }

  startNewGeneration(): void {
    this.#planFailure = undefined;
    this.#changes++;
  }

  addTopics(topics: readonly string[]): void {
    for (const topic of topics) if (this.#topics.size < MAX_TOPICS) this.#topics.add(topic);
  }

  clearTopics(): void {
    this.#topics.clear();
  }
}

export const sameConfig = (a: ConnectorConfig, b: ConnectorConfig): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
