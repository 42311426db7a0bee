import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Subject } from './subject.ts';

/** A program of pg-logical-replication and a producer of kafkajs: see pg-logical-replication-program.ts. */
export function pgLogicalReplication(): Subject {
  return {
    name: 'pg-logical-replication',
    exactlyOnce: false,
    workerProperties: {},
    sourceProperties: {},
    sinkProperties: {},
    versions: {
      'pg-logical-replication': versionOf('pg-logical-replication'),
      kafkajs: versionOf('kafkajs'),
      node: process.versions.node,
    },
    command: file => [process.execPath, join(import.meta.dirname, 'pg-logical-replication-program.ts'), file],
  };
}

function versionOf(name: string): string {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
