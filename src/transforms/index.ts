import type { TransformFactory } from '../api/index.ts';

export interface TransformEntry {
  /** Java class names: the first is the one that is listed. */
  readonly names: readonly [string, ...string[]];
  // biome-ignore lint/suspicious/noExplicitAny: each factory's configuration type is its own
  load(): Promise<TransformFactory<any>>;
}

/** Every transform. A further one is a file and a line here. */
export const transforms: readonly TransformEntry[] = [
  {
    names: ['io.debezium.transforms.ExtractNewRecordState'],
    load: async () => (await import('./extract-new-record-state.ts')).extractNewRecordState,
  },
];
