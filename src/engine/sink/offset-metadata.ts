import type { SinkWriter } from '../../api/index.ts';

/** Metadata of a committed group offset: the attempt that committed it, and the id of the topic. */
export interface OffsetMetadata extends Omit<SinkWriter, 'connector'> {
  readonly topicId: string;
}

export const formatOffsetMetadata = ({ cluster, generation, attempt }: SinkWriter, topicId: string): string =>
  JSON.stringify({ millrace: { cluster, generation, attempt, topicId } satisfies OffsetMetadata });

/** undefined: another program committed the offset. */
export function parseOffsetMetadata(metadata = ''): OffsetMetadata | undefined {
  if (!metadata.startsWith('{"millrace":')) return undefined;
  try {
    return (JSON.parse(metadata) as { millrace: OffsetMetadata }).millrace;
  } catch {
    return undefined;
  }
}
