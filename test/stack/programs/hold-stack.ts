// Starts the servers named in its arguments, prints their process ids as a line of JSON, and holds them until it ends:
// by a signal, by an error that nobody catches when it reads `throw`, or by having nothing left to do at `end`.
import { startStack } from '../../../src/stack/index.ts';
import type { ServiceName } from '../../../src/stack/types.ts';

const services = process.argv.slice(2) as ServiceName[];
const stack = await startStack({ services, external: {} });
process.stdout.write(`${JSON.stringify(services.map(service => stack[service].pid))}\n`);
process.stdin.once('data', (order: Buffer) => {
  if (order.toString() === 'throw') throw new Error('nobody catches this');
  process.stdin.unref();
});
