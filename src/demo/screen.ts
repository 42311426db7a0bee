import type { StatusInfo } from '../temporal/control/control.ts';
import type { Difference } from './compare.ts';
import type { Latency } from './latency.ts';
import type { Shop } from './shop.ts';

export interface Moment {
  /** Seconds since the start. */
  readonly elapsed: number;
  readonly shop: Shop;
  readonly source: StatusInfo | undefined;
  readonly sink: StatusInfo | undefined;
  readonly latency: Latency;
  readonly difference: Difference | undefined;
  readonly note: string;
}

/** The live display: a table that is redrawn in a terminal, otherwise a line for each second. */
export function screen(addresses: { temporal: string | undefined; rest: () => string }) {
  let lineCount = 0;
  return {
    show(moment: Moment): void {
      if (!process.stdout.isTTY) {
        process.stdout.write(`${oneLine(moment)}\n`);
        return;
      }
      const lines = table(moment, addresses);
      const up = lineCount === 0 ? '' : `\x1b[${lineCount}A`;
      process.stdout.write(`${up}${lines.map(line => `\x1b[2K${line}`).join('\n')}\n`);
      lineCount = lines.length;
    },
  };
}

const figure = (status: StatusInfo | undefined, name: string): number | undefined => {
  const value = status?.tasks[0]?.figures?.[name];
  return typeof value === 'number' ? value : undefined;
};
const formatCount = (value: number | undefined): string => (value === undefined ? '–' : value.toLocaleString('en'));
const stateOf = (status: StatusInfo | undefined): string =>
  status === undefined ? '–' : (status.tasks[0]?.state ?? status.connector.state);

function differences(difference: Difference | undefined): string {
  if (difference === undefined) return '–';
  const { missing, extra, different } = difference;
  return formatCount(missing + extra + different);
}

function table(moment: Moment, addresses: { temporal: string | undefined; rest: () => string }): string[] {
  const { shop, source, sink, latency } = moment;
  const row = (name: string, value: string) => `  ${name.padEnd(34)}${value}`;
  return [
    '',
    row('elapsed', `${moment.elapsed.toFixed(0)} s`),
    row(
      'shop: inserts, updates, deletes',
      `${formatCount(shop.inserted)}, ${formatCount(shop.updated)}, ${formatCount(shop.deleted)}`,
    ),
    row('shop-source', `${stateOf(source)} on ${source?.tasks[0]?.worker_id ?? '–'}`),
    row('  changes/s into Kafka', formatCount(figure(source, 'written_per_s'))),
    row('warehouse-sink', `${stateOf(sink)} on ${sink?.tasks[0]?.worker_id ?? '–'}`),
    row('  changes/s into the warehouse', formatCount(figure(sink, 'written_per_s'))),
    row('  lag (records)', formatCount(figure(sink, 'lag'))),
    row('commit to sink, p50 / p99', `${latency.p50.toFixed(0)} / ${latency.p99.toFixed(0)} ms`),
    row('rows that differ (or are in transit)', differences(moment.difference)),
    row('Temporal UI', addresses.temporal ?? '–'),
    row('REST API', `${addresses.rest()}/connectors`),
    row('', moment.note || 'Ctrl-C stops the demo and its servers'),
  ];
}

function oneLine(moment: Moment): string {
  const { shop, source, sink, latency } = moment;
  return [
    `${moment.elapsed.toFixed(0).padStart(4)} s`,
    `shop ${shop.inserted + shop.updated + shop.deleted}`,
    `source ${stateOf(source)} ${formatCount(figure(source, 'written_per_s'))}/s`,
    `sink ${stateOf(sink)} ${formatCount(figure(sink, 'written_per_s'))}/s lag ${formatCount(figure(sink, 'lag'))}`,
    `p50 ${latency.p50.toFixed(0)} ms p99 ${latency.p99.toFixed(0)} ms`,
    `differ ${differences(moment.difference)}`,
    moment.note,
  ].join('  ');
}
