import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { freePort } from '../../../src/stack/process/ports.ts';

test('ports are distinct, free, and outside the range of ephemeral ports', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const server = createServer().listen(ports[0], '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

test('two processes never receive the same port, even before they listen', async () => {
  const program = fileURLToPath(new URL('../programs/reserve-ports.ts', import.meta.url));
  const children = [1, 2].map(() => spawn(process.execPath, [program, '1500'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const lists = await Promise.all(
    children.map(async ({ stdout }) => {
      const [line] = await once(createInterface({ input: stdout }), 'line');
      return JSON.parse(line) as number[];
    }),
  );
  for (const { stdin } of children) stdin.end();
  expect(new Set(lists.flat()).size).toBe(3000);
});
