import type { PositionReader, SourceBatch, SourceConnector, SourcePosition, SourceTask } from '../api/index.ts';
import { silent, soon } from './check.ts';

/** Positions as Kafka keeps them: JSON, the last one of each partition. */
export class Positions implements PositionReader {
  readonly #kept = new Map<string, string>();
  put(positions: readonly SourcePosition[]): void {
    for (const { partition, offset } of positions) this.#kept.set(JSON.stringify(partition), JSON.stringify(offset));
  }
  get(partition: SourcePosition['partition']): SourcePosition['offset'] {
    const kept = this.#kept.get(JSON.stringify(partition));
    return kept === undefined ? null : JSON.parse(kept);
  }
  all(): SourcePosition[] {
    return [...this.#kept]
      .map(([partition, offset]) => ({ partition: JSON.parse(partition), offset: JSON.parse(offset) }))
      .filter(({ offset }) => offset !== null);
  }
  copy(): Positions {
    const copy = new Positions();
    copy.put(this.all());
    return copy;
  }
}

/** One reader at work. */
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
    await soon('open', opening, 30_000);
  }
  /** Batches until `count` records have come, or none has for a while. */
  async batches(count: number): Promise<SourceBatch[]> {
    const found: SourceBatch[] = [];
    let records = 0;
    let since = performance.now();
    for (let nulls = 0; records < count && (nulls < 5 || performance.now() - since < GIVE_UP); ) {
      const batch = await this.read();
      if (batch === null) {
        nulls++;
        continue;
      }
      nulls = 0;
      since = performance.now();
      records += batch.records.length;
      found.push(batch);
      this.positions.put(batch.positions);
      this.task.acknowledge(batch);
    }
    return found;
  }
  read(patience?: number): Promise<SourceBatch | null> {
    return soon('read, which should answer null when there is nothing for about a second,', this.task.read(), patience);
  }
}

/** How long a source may find nothing where something is. Milliseconds. */
const GIVE_UP = 4000;
