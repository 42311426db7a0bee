import { inject } from 'vitest';
import { serversInEnvironment } from '../setup/addresses.ts';
import { uniqueName } from './topic.ts';

/** http://host:port of the test Elasticsearch. */
export function elasticsearchUrl(): string {
  const { elasticsearch } = { ...inject('stack'), ...serversInEnvironment() };
  if (elasticsearch === undefined)
    throw new Error('no Elasticsearch: run the tests through vitest.config.ts, or set MILLRACE_TEST_ELASTICSEARCH');
  return elasticsearch;
}

export interface Hit {
  readonly _id: string;
  readonly _version: number;
  readonly _source: Readonly<Record<string, unknown>>;
}

/** The index of one test, named after its topic: `await using index = testIndex('orders')`. */
export class TestIndex implements AsyncDisposable {
  readonly name: string;
  readonly url: string;

  constructor(prefix: string, url: string = elasticsearchUrl()) {
    this.name = uniqueName(prefix);
    this.url = url;
  }

  /** All documents, by id, with metadata. */
  async documents(): Promise<Record<string, Hit>> {
    await this.request('POST', '/_refresh');
    const { hits } = (await this.request('GET', '/_search?size=10000&version=true')) as { hits: { hits: Hit[] } };
    return Object.fromEntries(hits.hits.map(hit => [hit._id, hit]));
  }

  /** Sources of all documents, by id. */
  async sources(): Promise<Record<string, unknown>> {
    const documents = await this.documents();
    return Object.fromEntries(Object.entries(documents).map(([id, hit]) => [id, hit._source]));
  }

  /** Properties of the mapping, or undefined. */
  async properties(): Promise<Record<string, unknown> | undefined> {
    const mapping = (await this.request('GET', '/_mapping')) as Record<
      string,
      { mappings: { properties?: Record<string, unknown> } }
    >;
    return mapping[this.name]?.mappings.properties;
  }

  create(body: object = {}): Promise<unknown> {
    return this.request('PUT', '', body);
  }

  /** Sends a request below the index; rejects unless the status is 2xx. */
  async request(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.url}/${this.name}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /${this.name}${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await fetch(`${this.url}/${this.name}?ignore_unavailable=true`, { method: 'DELETE' });
  }
}
