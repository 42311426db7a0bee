import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Action and document, or only the action of a delete. */
type Item = readonly string[];

/**
 * Action of the proxy on a bulk request:
 * - `drop answer`: forwards it, discards the answer and closes the connection;
 * - a status: answers with it, without forwarding the request;
 * - `busy`: rejects the selected items with 429, and forwards the others.
 */
export type Fate = 'pass' | 'drop answer' | number | { readonly busy: (item: Item, place: number) => boolean };

/** A proxy to the real server: actions apply to the next bulk requests in order; later requests pass. */
export async function startTroubled(
  server: string,
  fates: readonly Fate[] | ((body: Buffer) => Fate),
): Promise<AsyncDisposable & { readonly url: string; readonly requestCount: () => number }> {
  let bulkRequests = 0;
  const proxy = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/' } = incoming;
    const body = await buffer(incoming);
    const isBulk = url.startsWith('/_bulk');
    const fate = !isBulk ? 'pass' : typeof fates === 'function' ? fates(body) : (fates[bulkRequests] ?? 'pass');
    if (isBulk) bulkRequests++;
    if (typeof fate === 'number') {
      outgoing.writeHead(fate).end();
      return;
    }
    const items = isBulk ? itemsOf(body.toString()) : [];
    const rejectedItems = items.map((item, place) => typeof fate === 'object' && fate.busy(item, place));
    const passed = items.filter((_, place) => !rejectedItems[place]);
    const forwarded = isBulk ? passed.map(item => `${item.join('\n')}\n`).join('') : body;
    const answer = await fetch(`${server}${url}`, {
      method,
      headers: { 'content-type': incoming.headers['content-type'] ?? 'application/json' },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: forwarded }),
    });
    const text = await answer.text();
    if (fate === 'drop answer') incoming.socket.destroy();
    else outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(withBusy(text, rejectedItems));
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requestCount: () => bulkRequests,
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        proxy.close(() => resolve());
        proxy.closeAllConnections();
      }),
  };
}

function itemsOf(body: string): Item[] {
  const items: string[][] = [];
  for (const line of body.trimEnd().split('\n'))
    if (/^{"(index|update|delete)":{"_index"/.test(line)) items.push([line]);
    else items.at(-1)?.push(line);
  return items;
}

/** The answer with the rejected items added. */
function withBusy(answer: string, rejectedItems: readonly boolean[]): string {
  if (!rejectedItems.includes(true)) return answer;
  const { items } = JSON.parse(answer) as { items: unknown[] };
  const rejected = { index: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected' } } };
  let next = 0;
  return JSON.stringify({ errors: true, items: rejectedItems.map(busy => (busy ? rejected : items[next++])) });
}
