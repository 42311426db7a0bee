import { MillraceError } from '../../../src/errors.ts';
import type { Client } from '../http/client.ts';
import { answerError, describeAnswer, type ElasticError } from '../http/error-body.ts';
import type { Answer } from '../http/node-request.ts';
import type { BulkRequest } from './bulk-request.ts';
import { type BulkItemResult, bulkItemResult } from './item-results.ts';

/** Results of a batch's requests. */
export interface BatchOutcome {
  /** Errors of documents that Elasticsearch rejects, by the index of the record in the batch. */
  readonly malformed: Map<number, ElasticError>;
  /** Versions of documents that are not lower than the record's, by the index of the record in the batch. */
  readonly conflicts: Map<number, number>;
}

const PATH = '/_bulk?filter_path=errors,items.*.status,items.*.error';
const NO_ERRORS = Buffer.from('{"errors":false');

export class RequestSender {
  readonly #client: Client;
  readonly #versioned: boolean;

  /** versioned: see `bulkItemResult`. */
  constructor(client: Client, versioned: boolean) {
    this.#client = client;
    this.#versioned = versioned;
  }

  /**
   * Sends a request until each item is written or rejected as malformed. Rejects with SINK_UNAVAILABLE if the cluster stays
   * busy, and with SINK_SETUP for errors that are not caused by documents; some items may be written by then.
   */
  send(request: BulkRequest, outcome: BatchOutcome): Promise<void> {
    return this.#send(
      request,
      request.records.map((_, item) => item),
      outcome,
    );
  }

  async #send(request: BulkRequest, initial: readonly number[], outcome: BatchOutcome): Promise<void> {
    let items = initial;
    for (let retries = 0; items.length > 0; ) {
      const answer = await this.#client.call({
        method: 'POST',
        path: PATH,
        body: request.lines(items),
        type: 'application/x-ndjson',
      });
      if (answer.status !== 200) {
        await this.#splitRejected(request, items, answer, outcome);
        return;
      }
      if (answer.body.subarray(0, NO_ERRORS.length).equals(NO_ERRORS)) return;
      const { remaining, reason } = this.#readResults(request, items, answer, outcome);
      if (remaining.length === 0) return;
      // Progress resets the backoff.
      retries = remaining.length < items.length ? 0 : retries + 1;
      await this.#client.pause(retries, reason);
      items = remaining;
    }
  }

  /** Items to send again, and the reason. */
  #readResults(
    request: BulkRequest,
    items: readonly number[],
    answer: Answer,
    outcome: BatchOutcome,
  ): { remaining: readonly number[]; reason: MillraceError } {
    const { items: results } = JSON.parse(answer.body.toString()) as { items: readonly unknown[] };
    const remaining: number[] = [];
    /** Documents with a change that is sent again: so are all later changes, to preserve their order. */
    const waiting = new Set<string>();
    let reason: BulkItemResult | undefined;
    items.forEach((item, i) => {
      // Without an id from the key, no other record has the same document.
      const id = request.ids[item] || undefined;
      const result = bulkItemResult(results[i], this.#versioned);
      if (result.kind === 'retriable') {
        reason = result;
        remaining.push(item);
        if (id !== undefined) waiting.add(id);
      } else if (id !== undefined && waiting.has(id)) remaining.push(item);
      else if (result.kind === 'malformed')
        outcome.malformed.set(request.records[item] as number, result.error ?? { type: 'error', reason: '' });
      else if (result.kind !== 'written') throw itemError(result);
      else if (result.conflict !== undefined) outcome.conflicts.set(request.records[item] as number, result.conflict);
    });
    return { remaining, reason: busyError(reason) };
  }

  /** Splits a request that was rejected as a whole, because of one of its documents or its size. */
  async #splitRejected(
    request: BulkRequest,
    items: readonly number[],
    answer: Answer,
    outcome: BatchOutcome,
  ): Promise<void> {
    if (answer.status !== 400 && answer.status !== 413)
      throw new MillraceError('SINK_SETUP', `${describeAnswer('The bulk request was rejected', answer)}.`);
    if (items.length === 1) {
      const error = answerError(answer) ?? { type: `HTTP ${answer.status}`, reason: 'the request was rejected' };
      outcome.malformed.set(request.records[items[0] as number] as number, error);
      return;
    }
    const half = items.length >> 1;
    await this.#send(request, items.slice(0, half), outcome);
    await this.#send(request, items.slice(half), outcome);
  }
}

function busyError(result: BulkItemResult | undefined): MillraceError {
  return new MillraceError(
    'SINK_UNAVAILABLE',
    `The cluster rejects documents temporarily (status ${result?.status}, ${result?.error?.type}: ${result?.error?.reason}).`,
  );
}

function itemError({ kind, status, error }: BulkItemResult): MillraceError {
  if (kind === 'indexNotFound')
    return new MillraceError(
      'SINK_UNAVAILABLE',
      'The index does not exist any more. It is created again when the task restarts, unless topic.to.external.resource.mapping names it.',
    );
  return new MillraceError(
    'SINK_SETUP',
    `The cluster rejects the request for a reason that is not in the documents (status ${status}, ${error?.type}: ${error?.reason}).`,
  );
}
