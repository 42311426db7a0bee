import type { SinkWriter } from '../../api/index.ts';

/** Who committed an offset of a consumer group, and of which topic: it stands in the offset's metadata. */
export interface OffsetOrigin extends Omit<SinkWriter, 'connector'> {
  readonly topicId: string;
}

export const metadataOf = ({ cluster, generation, attempt }: SinkWriter, topicId: string): string =>
  JSON.stringify({ millrace: { cluster, generation, attempt, topicId } satisfies OffsetOrigin });

/** undefined: an offset that another program has committed. */
export function originOf(metadata = ''): OffsetOrigin | undefined {
  if (!metadata.startsWith('{"millrace":')) return undefined;
  try {
    return (JSON.parse(metadata) as { millrace: OffsetOrigin }).millrace;
  } catch {
    return undefined;
  }
}
