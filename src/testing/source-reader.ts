import type { PositionReader, SourceBatch, SourceConnector, SourcePosition, SourceTask } from '../api/index.ts';
import { silent, withTimeout } from './check.ts';

/** Positions stored like in Kafka: as JSON, the last one of each partition. */
export class Positions implements PositionReader {
  readonly #stored = new Map<string, string>();
  put(positions: readonly SourcePosition[]): void {
    for (const { partition, offset } of positions) this.#stored.set(JSON.stringify(partition), JSON.stringify(offset));
  }
  get(partition: SourcePosition['partition']): SourcePosition['offset'] {
    const text = this.#stored.get(JSON.stringify(partition));
    return text === undefined ? null : JSON.parse(text);
  }
  all(): SourcePosition[] {
    return [...this.#stored]
      .map(([partition, offset]) => ({ partition: JSON.parse(partition), offset: JSON.parse(offset) }))
      .filter(({ offset }) => offset !== null);
  }
  copy(): Positions {
    const copy = new Positions();
    copy.put(this.all());
    return copy;
  }
}

/** An open source task. */
export class Reader<C> {
  readonly task: SourceTask<C>;
  readonly stopping = new AbortController();
  readonly positions: Positions;
  constructor(connector: SourceConnector<C>, positions = new Positions()) {
    this.task = connector.task();
    this.positions = positions;
  }
  async open(config: C, maxBatchBytes: number): Promise<void> {
    const opening = this.task.open(config, {
      connector: 'contract',
      task: 0,
      log: silent,
      signal: this.stopping.signal,
      positions: this.positions.copy(),
      maxBatchBytes,
      report: () => undefined,
    });
    await withTimeout('open', opening, 30_000);
  }
  /** Reads batches until they have `count` records, or until none comes for IDLE_TIMEOUT_MS. */
  async batches(count: number): Promise<SourceBatch[]> {
    const batches: SourceBatch[] = [];
    let records = 0;
    let since = performance.now();
    for (let nulls = 0; records < count && (nulls < 5 || performance.now() - since < IDLE_TIMEOUT_MS); ) {
      const batch = await this.read();
      if (batch === null) {
        nulls++;
        continue;
      }
      nulls = 0;
      since = performance.now();
      records += batch.records.length;
      batches.push(batch);
      this.positions.put(batch.positions);
      batch.acknowledge?.();
    }
    return batches;
  }
  read(timeoutMs?: number): Promise<SourceBatch | null> {
    return withTimeout(
      'read, which must return null after about a second without records,',
      this.task.read(),
      timeoutMs,
    );
  }
}

/** Time without records after which a source that should have more is expected to return none. */
const IDLE_TIMEOUT_MS = 4000;
