import { until } from '../until.ts';

export type ConnectorConfig = Readonly<Record<string, string>>;

interface State {
  readonly state: string;
  readonly worker_id: string;
  readonly trace?: string;
}

export interface Status {
  readonly connector: State;
  readonly tasks: readonly (State & { readonly id: number })[];
}

/** A refusal of the REST API. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Milliseconds. */
const PATIENCE = 120_000;

/** Kafka Connect's REST API, as far as the workloads use it. */
export class Connect {
  readonly #url: string;

  /** url: http://host:port */
  constructor(url: string) {
    this.#url = url;
  }

  /** Whether the worker has joined its group and takes connectors. */
  async answers(): Promise<boolean> {
    return this.#call('GET', '/connectors').then(
      () => true,
      () => false,
    );
  }

  /** Creates it; while the workers still find each other, again. */
  async create(name: string, config: ConnectorConfig): Promise<void> {
    await until(`${name} is created`, PATIENCE, async () => {
      try {
        await this.#call('PUT', `/connectors/${name}/config`, config);
        return true;
      } catch (error) {
        if (error instanceof Refused && error.status === 409) return false;
        throw error;
      }
    });
  }

  status(name: string): Promise<Status> {
    return this.#call('GET', `/connectors/${name}/status`);
  }

  /** Of every connector, in one answer. */
  statuses(): Promise<Readonly<Record<string, { readonly status: Status }>>> {
    return this.#call('GET', '/connectors?expand=status');
  }

  /** The status, if there is one yet; an error with the trace when the connector or a task has failed. */
  async mustNotHaveFailed(name: string): Promise<Status | undefined> {
    const status = await this.#unlessMissing(() => this.status(name));
    const failed = status && [status.connector, ...status.tasks].find(({ state }) => state === 'FAILED');
    if (failed) throw new Error(`${name} has failed: ${failed.trace}`);
    return status;
  }

  async running(name: string): Promise<Status> {
    return until(`${name} runs`, PATIENCE, async () => {
      const status = await this.mustNotHaveFailed(name);
      if (status === undefined) return false;
      const states = [status.connector, ...status.tasks].map(({ state }) => state);
      return status.tasks.length > 0 && states.every(state => state === 'RUNNING') && status;
    });
  }

  async stop(name: string): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/stop`);
    await until(`${name} is stopped`, PATIENCE, async () => {
      const { connector, tasks } = await this.status(name);
      return connector.state === 'STOPPED' && tasks.length === 0;
    });
  }

  async resume(name: string): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/resume`);
  }

  async remove(name: string): Promise<void> {
    await this.#call('DELETE', `/connectors/${name}`);
    await until(
      `${name} is gone`,
      PATIENCE,
      async () => (await this.#unlessMissing(() => this.status(name))) === undefined,
    );
  }

  async #unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined;
      throw error;
    }
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.#url + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(PATIENCE),
    }).catch((error: Error) => {
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      throw new Error(`${method} ${this.#url}${path} has no answer: ${reason}`, { cause: error });
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, `${method} ${path}: ${answer.status} ${text.slice(0, 2000)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
