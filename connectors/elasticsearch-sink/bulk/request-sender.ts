import { MillraceError } from '../../../src/errors.ts';
import type { Client } from '../http/client.ts';
import { describe, type ElasticError, errorOf } from '../http/error-body.ts';
import type { Answer } from '../http/node-request.ts';
import type { Bulk } from './bulk-request.ts';
import { type ItemOutcome, verdictOf } from './item-results.ts';

/** What a batch's requests came to. */
export interface Outcome {
  /** Documents that Elasticsearch does not take, by the record's place in the batch. */
  readonly malformed: Map<number, ElasticError>;
  /** Versions of documents that were equal to the record's or greater, by the record's place in the batch. */
  readonly conflicts: Map<number, number>;
}

const PATH = '/_bulk?filter_path=errors,items.*.status,items.*.error';
const NO_ERRORS = Buffer.from('{"errors":false');

export class Sender {
  readonly #client: Client;
  readonly #versioned: boolean;

  /** versioned: see `verdictOf`. */
  constructor(client: Client, versioned: boolean) {
    this.#client = client;
    this.#versioned = versioned;
  }

  /**
   * Sends a request until each of its items is in or found malformed. Rejects with SINK_UNAVAILABLE where the cluster
   * stays too busy, SINK_SETUP where something else than documents is wrong; parts of it may be in by then.
   */
  send(bulk: Bulk, outcome: Outcome): Promise<void> {
    return this.#send(
      bulk,
      bulk.records.map((_, item) => item),
      outcome,
    );
  }

  async #send(bulk: Bulk, wanted: readonly number[], outcome: Outcome): Promise<void> {
    let items = wanted;
    for (let tries = 0; items.length > 0; ) {
      const answer = await this.#client.call({
        method: 'POST',
        path: PATH,
        body: bulk.lines(items),
        type: 'application/x-ndjson',
      });
      if (answer.status !== 200) {
        await this.#refused(bulk, items, answer, outcome);
        return;
      }
      if (answer.body.subarray(0, NO_ERRORS.length).equals(NO_ERRORS)) return;
      const { left, reason } = this.#read(bulk, items, answer, outcome);
      if (left.length === 0) return;
      // Where some went in, the cluster is at work: begin anew with the waits.
      tries = left.length < items.length ? 0 : tries + 1;
      await this.#client.pause(tries, reason);
      items = left;
    }
  }

  /** The items that are to be sent again, and why. */
  #read(
    bulk: Bulk,
    items: readonly number[],
    answer: Answer,
    outcome: Outcome,
  ): { left: readonly number[]; reason: MillraceError } {
    const { items: results } = JSON.parse(answer.body.toString()) as { items: readonly unknown[] };
    const left: number[] = [];
    /** Documents of which a change is to be sent again: so are all behind it, or an older one would be the last. */
    const waiting = new Set<string>();
    let reason: ItemOutcome | undefined;
    items.forEach((item, i) => {
      // Without an id of its key a record's document is its alone.
      const id = bulk.ids[item] || undefined;
      const result = verdictOf(results[i], this.#versioned);
      if (result.verdict === 'again') {
        reason = result;
        left.push(item);
        if (id !== undefined) waiting.add(id);
      } else if (id !== undefined && waiting.has(id)) left.push(item);
      else if (result.verdict === 'malformed')
        outcome.malformed.set(bulk.records[item] as number, result.error ?? { type: 'error', reason: '' });
      else if (result.verdict !== 'written') throw failureOf(result);
      else if (result.conflict !== undefined) outcome.conflicts.set(bulk.records[item] as number, result.conflict);
    });
    return { left, reason: busy(reason) };
  }

  /** A request that is refused whole is so for one of its documents, or for its size: each half by itself. */
  async #refused(bulk: Bulk, items: readonly number[], answer: Answer, outcome: Outcome): Promise<void> {
    if (answer.status !== 400 && answer.status !== 413)
      throw new MillraceError('SINK_SETUP', `${describe('The bulk request was refused', answer)}.`);
    if (items.length === 1) {
      const error = errorOf(answer) ?? { type: `HTTP ${answer.status}`, reason: 'the request was refused' };
      outcome.malformed.set(bulk.records[items[0] as number] as number, error);
      return;
    }
    const half = items.length >> 1;
    await this.#send(bulk, items.slice(0, half), outcome);
    await this.#send(bulk, items.slice(half), outcome);
  }
}

function busy(result: ItemOutcome | undefined): MillraceError {
  return new MillraceError(
    'SINK_UNAVAILABLE',
    `The cluster does not take documents now (status ${result?.status}, ${result?.error?.type}: ${result?.error?.reason}).`,
  );
}

function failureOf({ verdict, status, error }: ItemOutcome): MillraceError {
  if (verdict === 'missing')
    return new MillraceError(
      'SINK_UNAVAILABLE',
      'The index is not there any more; where it is the topic’s own, it is made when the task has begun anew.',
    );
  return new MillraceError(
    'SINK_SETUP',
    `Documents are refused for another reason than themselves (status ${status}, ${error?.type}: ${error?.reason}).`,
  );
}
