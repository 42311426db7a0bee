import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startWorkerProcess } from '../../src/demo/worker-process.ts';
import { freePort } from '../../src/stack/process/ports.ts';
import { serversInEnvironment } from '../setup/addresses.ts';
import { startKafkaConnect } from '../support/kafka-connect.ts';
import { uniqueName } from '../support/topic.ts';

/** REST APIs under test, each as http://host:port. */
export interface ClientServers {
  readonly kafkaConnect: string;
  readonly millrace: string;
  /** The same cluster with Basic authentication. */
  readonly guarded: string;
  /** USER:PASSWORD of the guarded API. */
  readonly login: string;
  /** Folder for the files of connectors. */
  readonly folder: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    clients: ClientServers;
  }
}

/** Starts two workers of a Millrace cluster and a Kafka Connect worker for all test files of the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { kafka, temporal } = { ...project.getProvidedContext().stack, ...serversInEnvironment() };
  if (kafka === undefined || temporal === undefined) throw new Error('no servers: test/setup/global.ts must run first');
  const folder = await mkdtemp(join(tmpdir(), 'millrace-clients-'));
  const group = uniqueName('clients');
  const login = `admin:pass-${group}`;
  const properties = {
    'bootstrap.servers': kafka,
    'temporal.address': temporal,
    'group.id': group,
    'offset.storage.topic': `${group}-offsets`,
    'config.storage.topic': `${group}-configs`,
    'status.storage.topic': `${group}-status`,
    // Worker ids in the form of Kafka Connect.
    'rest.show.passwords': 'true',
  };
  await writeFile(join(folder, 'users.properties'), `${login.replace(':', '=')}\n`);
  await writeFile(
    join(folder, 'jaas.conf'),
    `KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file="${join(folder, 'users.properties')}"; };\n`,
  );
  const guardedProperties = {
    ...properties,
    'rest.extension.classes': 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension',
    'java.security.auth.login.config': join(folder, 'jaas.conf'),
  };
  const cleanups: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async () => {
    for (const one of cleanups.reverse()) await one();
  };
  try {
    const worker = await startWorkerProcess(folder, await freePort(), properties);
    cleanups.push(() => worker.stop());
    const guarded = await startWorkerProcess(folder, await freePort(), guardedProperties, { healthy: false });
    cleanups.push(() => guarded.stop());
    const connect = await startKafkaConnect(kafka, `${group}-connect`, 240_000);
    cleanups.push(async () => connect[Symbol.asyncDispose]());
    project.provide('clients', {
      kafkaConnect: connect.url,
      millrace: worker.url,
      guarded: guarded.url,
      login,
      folder,
    });
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
