import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMIT_INTERVAL } from '../../src/config/connector-config/source-keys.ts';
import { packageFolder } from '../../src/package-folder.ts';
import { exactlyOnceProperties, type Subject } from './subject.ts';

/**
 * Millrace with default settings: only the addresses of its servers are set. temporal: host:port. commitInterval:
 * milliseconds instead of the default.
 */
export async function millrace(temporal: string, commitInterval: number | undefined): Promise<Subject> {
  const { version } = JSON.parse(await readFile(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return {
    name: 'millrace',
    exactlyOnce: true,
    workerProperties: { 'temporal.address': temporal, ...exactlyOnceProperties.worker },
    sourceProperties: {
      ...exactlyOnceProperties.source,
      ...(commitInterval === undefined ? {} : { [COMMIT_INTERVAL.key]: String(commitInterval) }),
    },
    sinkProperties: {},
    versions: { millrace: version, node: process.versions.node },
    command: file => [join(packageFolder(), 'bin', 'millrace'), 'worker', file],
  };
}
