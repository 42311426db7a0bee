import type { Lsn } from '../../connectors/postgresql/position/lsn.ts';
import { readTopic } from './topic-log.ts';

/** A change event in a topic. */
export interface Change {
  readonly offset: number;
  readonly producerId: number;
  readonly id: string;
  /** c, u, d, or r for a row of the snapshot. */
  readonly op: string;
  readonly lsn: Lsn;
  /** Version of an order; undefined for a deletion. */
  readonly version: number | undefined;
}

/** All committed changes of partition 0 in offset order, without tombstones. */
export const changes = (bootstrap: string, topic: string): Promise<Change[]> =>
  readTopic(bootstrap, topic, ({ offset, key, value }, producerId) => {
    if (key === null || value === null) return null;
    const { op, source, after } = payload(value);
    return { offset, producerId, id: String(payload(key).id), op, lsn: source.lsn, version: after?.version };
  });

const PAYLOAD = ',"payload":';

/** Parses the payload of a JSON document. Skips the schema before it, which is most of the bytes. */
function payload(json: Buffer) {
  const start = json.indexOf(PAYLOAD);
  if (start < 0) throw new Error(`no payload in ${json.toString()}`);
  return JSON.parse(json.toString('utf8', start + PAYLOAD.length, json.length - 1));
}
