import { pollUntil } from '../poll-until.ts';

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

/** An error answer of the REST API. */
class RequestRejected extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Milliseconds. */
const PATIENCE = 120_000;

/** The part of Kafka Connect's REST API that the workloads use. */
export class KafkaConnectApi {
  readonly #url: string;

  /** url: http://host:port */
  constructor(url: string) {
    this.#url = url;
  }

  /** True if the worker has joined its group and accepts connectors. */
  async answers(): Promise<boolean> {
    return this.#call('GET', '/connectors').then(
      () => true,
      () => false,
    );
  }

  /** Creates a connector; retries during a rebalance. */
  async create(name: string, config: ConnectorConfig): Promise<void> {
    await pollUntil(`${name} is created`, PATIENCE, async () => {
      try {
        await this.#call('PUT', `/connectors/${name}/config`, config);
        return true;
      } catch (error) {
        if (error instanceof RequestRejected && error.status === 409) return false;
        throw error;
      }
    });
  }

  status(name: string): Promise<Status> {
    return this.#call('GET', `/connectors/${name}/status`);
  }

  /** Statuses of all connectors, from one request. */
  statuses(): Promise<Readonly<Record<string, { readonly status: Status }>>> {
    return this.#call('GET', '/connectors?expand=status');
  }

  /** The status, or undefined if there is none yet; throws the trace if the connector or a task has failed. */
  async requireNotFailed(name: string): Promise<Status | undefined> {
    const status = await this.#unlessMissing(() => this.status(name));
    const failed = status && [status.connector, ...status.tasks].find(({ state }) => state === 'FAILED');
    if (failed) throw new Error(`${name} failed: ${failed.trace}`);
    return status;
  }

  async running(name: string): Promise<Status> {
    return pollUntil(`${name} runs`, PATIENCE, async () => {
      const status = await this.requireNotFailed(name);
      if (status === undefined) return false;
      const states = [status.connector, ...status.tasks].map(({ state }) => state);
      return status.tasks.length > 0 && states.every(state => state === 'RUNNING') && status;
    });
  }

  async stop(name: string): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/stop`);
    await pollUntil(`${name} is stopped`, PATIENCE, async () => {
      const { connector, tasks } = await this.status(name);
      return connector.state === 'STOPPED' && tasks.length === 0;
    });
  }

  async resume(name: string): Promise<void> {
    await this.#call('PUT', `/connectors/${name}/resume`);
  }

  async remove(name: string): Promise<void> {
    await this.#call('DELETE', `/connectors/${name}`);
    await pollUntil(
      `${name} is gone`,
      PATIENCE,
      async () => (await this.#unlessMissing(() => this.status(name))) === undefined,
    );
  }

  async #unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof RequestRejected && error.status === 404) return undefined;
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
      throw new Error(`${method} ${this.#url}${path} got no answer: ${reason}`, { cause: error });
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new RequestRejected(answer.status, `${method} ${path}: ${answer.status} ${text.slice(0, 2000)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
