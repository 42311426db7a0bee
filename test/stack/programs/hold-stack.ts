// Starts the servers named in its arguments, prints their process ids as a line of JSON, and runs until it receives a
// signal, reads `throw` (an uncaught error) or reads `end` (the event loop becomes empty).
import { startStack } from '../../../src/stack/index.ts';
import type { ServiceName } from '../../../src/stack/types.ts';

const services = process.argv.slice(2) as ServiceName[];
const stack = await startStack({ services, external: {} });
process.stdout.write(`${JSON.stringify(services.map(service => stack[service].pid))}\n`);
process.stdin.once('data', (command: Buffer) => {
  if (command.toString() === 'throw') throw new Error('uncaught');
  process.stdin.unref();
});
