import type { Lsn } from '../../connectors/postgresql/position/lsn.ts';
import { readTopic } from './topic-log.ts';

/** One change as it stands in a topic. */
export interface Change {
  readonly offset: number;
  readonly producerId: number;
  readonly id: string;
  /** c, u, d, or r for a row of the snapshot. */
  readonly op: string;
  readonly lsn: Lsn;
  /** An order's column; undefined where it was deleted. */
  readonly version: number | undefined;
}

/** All committed changes of partition 0, in the order of their offsets. Tombstones are left out. */
export const changes = (bootstrap: string, topic: string): Promise<Change[]> =>
  readTopic(bootstrap, topic, ({ offset, key, value }, producerId) => {
    if (key === null || value === null) return null;
    const { op, source, after } = payload(value);
    return { offset, producerId, id: String(payload(key).id), op, lsn: source.lsn, version: after?.version };
  });

const PAYLOAD = ',"payload":';

/** Parses the payload of a JSON document. Its schema stands before it and is left alone: it is most of the bytes. */
function payload(json: Buffer) {
  const start = json.indexOf(PAYLOAD);
  if (start < 0) throw new Error(`no payload in ${json.toString()}`);
  return JSON.parse(json.toString('utf8', start + PAYLOAD.length, json.length - 1));
}
