import type { Workload } from './workload.ts';

/** Workloads by their name on the command line. */
export const workloads: Readonly<Record<string, () => Promise<{ readonly workload: Workload }>>> = {
  'pg-cdc-snapshot': () => import('./pg-cdc-snapshot.ts'),
  'pg-cdc-tables': () => import('./pg-cdc-tables.ts'),
  'pg-cdc-stream': () => import('./pg-cdc-stream.ts'),
  'pg-cdc-latency': () => import('./pg-cdc-latency.ts'),
  'kafka-pg-upsert': () => import('./kafka-pg-upsert.ts'),
  'pg-pg-replica': () => import('./pg-pg-replica.ts'),
  'pg-pg-latency': () => import('./pg-pg-latency.ts'),
  'file-source': () => import('./file-source.ts'),
  'file-sink': () => import('./file-sink.ts'),
  fleet: () => import('./fleet.ts'),
  takeover: () => import('./takeover.ts'),
};
