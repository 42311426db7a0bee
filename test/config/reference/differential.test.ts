import { join } from 'node:path';
import { expect, test } from 'vitest';
import { locateKafkaConnect } from '../../../bench/subjects/kafka-connect-program.ts';
import { runJava } from '../../support/java.ts';
import { reference } from './reference.ts';

test('the list of keys is that of Kafka Connect and Debezium', { timeout: 120_000 }, async () => {
  const install = await locateKafkaConnect();
  if (typeof install === 'string') throw new Error(install);
  const { libs, plugins } = await install();
  // Debezium's JDBC sink has another version, which cannot be on the same class path.
  const components = [...reference.keys()].filter(name => !name.includes('.jdbc.'));
  const classPath = [libs, join(plugins, 'postgres')].map(folder => join(folder, '*')).join(':');
  const answers = await runJava(new URL('./ConnectKeys.java', import.meta.url), components, ['-cp', classPath]);
  for (const [i, component] of components.entries()) {
    const listed = new Map((reference.get(component) ?? []).map(({ key, type, value }) => [key, [type, value]]));
    const keys = (answers[i] ?? '').split('\u001f').filter(text => text !== '');
    for (const [key = '', ...typeAndDefault] of keys.map(text => text.split('\u001e')))
      expect([key, listed.get(key)], component).toEqual([key, typeAndDefault]);
    // Connectors also have the common keys of their kind.
    if (!/\.(file|connector)\./.test(component)) expect(keys.length, component).toBe(listed.size);
  }
});
