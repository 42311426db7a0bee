import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../../src/stack/process/ports.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { eventually } from '../support/eventually.ts';

test('a worker tries to reach Temporal about once a second, however long the outage', async () => {
  let attempts = 0;
  const server = createServer(socket => {
    attempts++;
    socket.destroy();
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  const connection = lazyConnection({ address: `127.0.0.1:${port}` });
  const ask = () => connection.workflowService.getSystemInfo({}).catch(() => undefined);
  try {
    // With exponential backoff, the eighth attempt would follow after minutes.
    await eventually(
      'eight attempts',
      async () => {
        await connection.withDeadline(Date.now() + 500, ask);
        return attempts >= 8;
      },
      { within: 13_000 },
    );
    expect(attempts).toBeLessThan(16);
  } finally {
    await connection.close();
    server.close();
  }
});
