// Prints free ports as a line of JSON and keeps them until its standard input ends. Argument: the number of ports.
import { freePort } from '../../../src/stack/process/ports.ts';

const ports = await Promise.all(Array.from({ length: Number(process.argv[2]) }, freePort));
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.resume();
