import type { TransformFactory } from '../api/index.ts';
import type { Named } from '../config/class-names.ts';

export interface TransformEntry extends Named {
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
