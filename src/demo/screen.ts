import type { StatusInfo } from '../temporal/control.ts';
import type { Difference } from './compare.ts';
import type { Latency } from './latency.ts';
import type { Shop } from './shop.ts';

export interface Moment {
  /** Seconds. */
  readonly elapsed: number;
  readonly shop: Shop;
  readonly source: StatusInfo | undefined;
  readonly sink: StatusInfo | undefined;
  readonly latency: Latency;
  readonly difference: Difference | undefined;
  readonly note: string;
}

/** The live table: drawn over itself in a terminal, a line a second elsewhere. */
export function screen(addresses: { temporal: string | undefined; rest: () => string }) {
  let drawn = 0;
  return {
    show(moment: Moment): void {
      if (!process.stdout.isTTY) {
        process.stdout.write(`${oneLine(moment)}\n`);
        return;
      }
      const lines = table(moment, addresses);
      const up = drawn === 0 ? '' : `\x1b[${drawn}A`;
      process.stdout.write(`${up}${lines.map(line => `\x1b[2K${line}`).join('\n')}\n`);
      drawn = lines.length;
    },
  };
}

const figure = (status: StatusInfo | undefined, name: string): number | undefined => {
  const value = status?.tasks[0]?.figures?.[name];
  return typeof value === 'number' ? value : undefined;
};
const shown = (value: number | undefined): string => (value === undefined ? '–' : value.toLocaleString('en'));
const stateOf = (status: StatusInfo | undefined): string =>
  status === undefined ? '–' : (status.tasks[0]?.state ?? status.connector.state);

function differences(difference: Difference | undefined): string {
  if (difference === undefined) return '–';
  const { missing, extra, different } = difference;
  return shown(missing + extra + different);
}

function table(moment: Moment, addresses: { temporal: string | undefined; rest: () => string }): string[] {
  const { shop, source, sink, latency } = moment;
  const row = (name: string, value: string) => `  ${name.padEnd(34)}${value}`;
  return [
    '',
    row('elapsed', `${moment.elapsed.toFixed(0)} s`),
    row('shop: inserts, updates, deletes', `${shown(shop.inserted)}, ${shown(shop.updated)}, ${shown(shop.deleted)}`),
    row('shop-source', `${stateOf(source)} on ${source?.tasks[0]?.worker_id ?? '–'}`),
    row('  changes/s into Kafka', shown(figure(source, 'written_per_s'))),
    row('warehouse-sink', `${stateOf(sink)} on ${sink?.tasks[0]?.worker_id ?? '–'}`),
    row('  changes/s into the warehouse', shown(figure(sink, 'written_per_s'))),
    row('  lag (records)', shown(figure(sink, 'lag'))),
    row('commit to sink, p50 / p99', `${latency.p50.toFixed(0)} / ${latency.p99.toFixed(0)} ms`),
    row('rows that differ (or are under way)', differences(moment.difference)),
    row('Temporal UI', addresses.temporal ?? '–'),
    row('REST API', `${addresses.rest()}/connectors`),
    row('', moment.note || 'Ctrl-C ends it and stops all that it started'),
  ];
}

function oneLine(moment: Moment): string {
  const { shop, source, sink, latency } = moment;
  return [
    `${moment.elapsed.toFixed(0).padStart(4)} s`,
    `shop ${shop.inserted + shop.updated + shop.deleted}`,
    `source ${stateOf(source)} ${shown(figure(source, 'written_per_s'))}/s`,
    `sink ${stateOf(sink)} ${shown(figure(sink, 'written_per_s'))}/s lag ${shown(figure(sink, 'lag'))}`,
    `p50 ${latency.p50.toFixed(0)} ms p99 ${latency.p99.toFixed(0)} ms`,
    `differ ${differences(moment.difference)}`,
    moment.note,
  ].join('  ');
}
