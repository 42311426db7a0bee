import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Action and document, or the action alone of a delete. */
type Item = readonly string[];

/**
 * What becomes of a bulk request on its way:
 * - `lose answer`: it is carried out, and the connection is cut;
 * - a status: it is not carried out, and this is the answer;
 * - `busy`: those items of which it says so are not carried out, and answered with 429.
 */
export type Fate = 'pass' | 'drop answer' | number | { readonly busy: (item: Item, place: number) => boolean };

/** Between a sink and the real server: each bulk request in turn has its fate, those behind them pass. */
export async function startTroubled(
  server: string,
  fates: readonly Fate[] | ((body: Buffer) => Fate),
): Promise<AsyncDisposable & { readonly url: string; readonly seen: () => number }> {
  let seen = 0;
  const proxy = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/' } = incoming;
    const body = await buffer(incoming);
    const isBulk = url.startsWith('/_bulk');
    const fate = !isBulk ? 'pass' : typeof fates === 'function' ? fates(body) : (fates[seen] ?? 'pass');
    if (isBulk) seen++;
    if (typeof fate === 'number') {
      outgoing.writeHead(fate).end();
      return;
    }
    const items = isBulk ? itemsOf(body.toString()) : [];
    const held = items.map((item, place) => typeof fate === 'object' && fate.busy(item, place));
    const passed = items.filter((_, place) => !held[place]);
    const forwarded = isBulk ? passed.map(item => `${item.join('\n')}\n`).join('') : body;
    const answer = await fetch(`${server}${url}`, {
      method,
      headers: { 'content-type': incoming.headers['content-type'] ?? 'application/json' },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: forwarded }),
    });
    const text = await answer.text();
    if (fate === 'drop answer') incoming.socket.destroy();
    else outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(withBusy(text, held));
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    seen: () => seen,
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

/** The answer with what the server would have said of the items that it did not get. */
function withBusy(answer: string, held: readonly boolean[]): string {
  if (!held.includes(true)) return answer;
  const { items } = JSON.parse(answer) as { items: unknown[] };
  const rejected = { index: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected' } } };
  let next = 0;
  return JSON.stringify({ errors: true, items: held.map(busy => (busy ? rejected : items[next++])) });
}
