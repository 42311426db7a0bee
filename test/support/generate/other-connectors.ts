import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../../../src/demo/rest.ts';
import type { StatusInfo } from '../../../src/temporal/control/control.ts';
import { eventually } from '../eventually.ts';
import { type Config, convertersOf, fileSinks, fileSources, jdbcSinks } from './configs.ts';
import type { Draw } from './index.ts';
import { writeOldData } from './old-data.ts';

/** Connectors that run beside the tested one. They are deleted by `await using`, or with the cluster. */
export interface OtherConnectors extends AsyncDisposable {
  readonly names: readonly string[];
  /** Resolves when all of them run, on their first attempts unless a worker ended meanwhile. */
  awaitRunning(): Promise<void>;
}

/** A worker's address and properties. */
export interface Cluster {
  readonly url: string;
  readonly properties: Config;
}

/** No server listens there; a sink connects when it has records to write. */
const unusedAddress = { host: '127.0.0.1', port: 1, user: 'nobody', password: 'unused', database: 'none' };

/**
 * Creates connectors of several kinds and name lengths in a worker's cluster, and writes old data to every shared
 * topic. absent: names of connectors that the cluster never had, for the old data.
 */
export async function startOtherConnectors(
  draw: Draw,
  cluster: Cluster,
  absent: readonly string[],
): Promise<OtherConnectors> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-neighbours-'));
  const connectors = new Map<string, Config>();
  const topics = [draw.topic(), draw.topic(), draw.topic()] as const;
  for (const [i, topic] of topics.entries()) {
    const input = join(folder, `${i}.txt`);
    await writeFile(input, `${topic}\n`);
    const source = draw.value(fileSources(input, topic));
    connectors.set(draw.connectorName(), source);
    if (i === 0)
      connectors.set(draw.sinkName(), draw.value(fileSinks(join(folder, 'output.txt'), topic, convertersOf(source))));
  }
  connectors.set(draw.sinkName(), draw.value(jdbcSinks(unusedAddress, draw.topic())));

  const at = (name: string) => `${cluster.url}/connectors/${encodeURIComponent(name)}`;
  for (const [name, config] of connectors) await call('POST', `${cluster.url}/connectors`, { name, config });
  const statuses = () => Promise.all([...connectors.keys()].map(name => call<StatusInfo>('GET', `${at(name)}/status`)));
  const run = async () => {
    await eventually('the other connectors run', async () =>
      (await statuses()).every(({ tasks: [task] }) => task?.state === 'RUNNING' && task['figures'] !== undefined),
    );
  };
  await run();
  await writeOldData(cluster.properties, absent, topics[0]);
  return {
    names: [...connectors.keys()],
    awaitRunning: run,
    async [Symbol.asyncDispose]() {
      await Promise.all([...connectors.keys()].map(name => call('DELETE', at(name))));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
