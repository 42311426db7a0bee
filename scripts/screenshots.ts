// Takes the pictures in docs/images: `npm run screenshots`. Needs a Chromium (CHROMIUM names it, else the usual places).
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { sinkConnector, sourceConnector } from '../src/demo/connectors.ts';
import { call } from '../src/demo/rest.ts';
import { createDatabases, openShop } from '../src/demo/shop.ts';
import { startWorkerProcess } from '../src/demo/worker-process.ts';
import { startStack } from '../src/stack/index.ts';
import { freePort } from '../src/stack/process/ports.ts';
import type { StatusInfo } from '../src/temporal/control/control.ts';

const images = join(import.meta.dirname, '..', 'docs', 'images');
const program = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find(path => path !== undefined && existsSync(path));
if (program === undefined)
  throw new Error('there is no Chromium: install one (apt-get install chromium), or set CHROMIUM');

await using cleanUp = new AsyncDisposableStack();
const stack = cleanUp.use(await startStack({ log: line => console.error(line) }));
const { ui } = stack.temporal;
if (ui === undefined) throw new Error('this Temporal has no web UI');
const folder = await mkdtemp(join(tmpdir(), 'millrace-screenshots-'));
cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
const databases = await createDatabases(stack.postgres.url);
const worker = await startWorkerProcess(folder, await freePort(), {
  'bootstrap.servers': stack.kafka.address,
  'group.id': 'shop',
  'temporal.address': stack.temporal.address,
});
cleanUp.defer(() => worker.stop());
const shop = openShop(databases.shop, { perSecond: 200 });
cleanUp.defer(() => shop.stop());

const warehouse = sinkConnector(databases.warehouse);
const connectors = [
  sourceConnector(databases.shop),
  warehouse,
  {
    name: 'accounts-sink',
    config: { ...warehouse.config, 'table.name.format': 'accounts', 'millrace.schedule': '0 2 * * *' },
  },
  // Its table does not exist, and the connector may not create it.
  { name: 'search-sink', config: { ...warehouse.config, 'table.name.format': 'search', 'auto.create': 'false' } },
];
// No server listens on this port.
const unreachableUrl = `jdbc:postgresql://127.0.0.1:${await freePort()}/backup`;
connectors.push({ name: 'backup-sink', config: { ...warehouse.config, 'connection.url': unreachableUrl } });
for (const connector of connectors) await call('POST', `${worker.url}/connectors`, connector);
const status = (name: string) => call<StatusInfo>('GET', `${worker.url}/connectors/${name}/status`);
for (let failed = false; !failed; await delay(250)) failed = (await status('search-sink')).tasks[0]?.state === 'FAILED';
// Waits until repeated failures are reported, and for some heartbeats with the figures of a running stream.
await delay(10_000);

await mkdir(images, { recursive: true });
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
cleanUp.defer(() => browser.close());
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });

const workflow = (name: string): string =>
  `${ui}/namespaces/default/workflows/${encodeURIComponent(`connector/shop/${name}`)}`;

async function shot(name: string, url: string, open: (page: Page) => Promise<unknown>): Promise<void> {
  await page.goto(url);
  await open(page);
  // The page never finishes loading; its content is complete now, except for fonts.
  await delay(1500);
  await page.screenshot({ path: join(images, `${name}.png`) });
  console.error(`docs/images/${name}.png`);
}

const tab = (title: string, text: string) => async (on: Page) => {
  await on.getByText(title, { exact: false }).first().click();
  await on.getByText(text).first().waitFor();
  await on.getByText(text).first().scrollIntoViewIfNeeded();
};

/** The list's columns, which the browser then keeps: Temporal's columns without information about connectors are removed. */
async function columns(on: Page): Promise<void> {
  await on.getByText('connector/shop/search-sink').first().waitFor();
  await on.getByTestId('workflows-summary-table-configuration-button').first().click();
  for (const column of ['Status', 'Run ID', 'Type', 'Start', 'End'])
    await on.getByTestId(`orderable-list-item-${column}-remove-button`).click();
  for (const column of ['State', 'Kind', 'Class', 'Tasks'])
    await on.getByTestId(`orderable-list-item-Millrace${column}-add-button`).click();
  await on.reload();
  await on.getByText('RESTARTING').first().waitFor();
}

await shot(
  'connectors',
  `${ui}/namespaces/default/workflows?query=${encodeURIComponent('WorkflowType = "connector"')}`,
  columns,
);
await shot('timeline', workflow('shop-source'), on => on.getByText('shop-source task 0').first().waitFor());
await shot('running', workflow('warehouse-sink'), tab('Pending Activities', 'written_per_s'));
await shot('failed', workflow('search-sink'), tab('User Metadata', 'Current Details'));
await shot('restarting', workflow('backup-sink'), tab('User Metadata', 'Current Details'));
await shot('asleep', workflow('accounts-sink'), tab('User Metadata', 'Current Details'));
