import { parseArgs } from 'node:util';
import { workloads } from './workloads/index.ts';

/** Programs to measure beside Millrace. */
export const peerNames = ['kafka-connect', 'kafka-connect-tuned', 'pg-logical-replication'] as const;
export type Peer = (typeof peerNames)[number];

export interface Options {
  readonly names: readonly string[];
  readonly millrace: boolean;
  readonly peers: readonly Peer[];
  /** Undefined: on in comparisons with subjects that are exactly once. */
  readonly exactlyOnce: boolean | undefined;
  readonly repeat: number;
  readonly records: number | undefined;
  readonly seconds: number | undefined;
  /** `millrace.commit.interval.ms`; undefined: its default. */
  readonly commitInterval: number | undefined;
  readonly profiles: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

export const usage = `npm run bench -- NAME... [options]

Names: ${Object.keys(workloads).join(', ')}, kafka-port, all

  --peer [NAME]     beside Millrace, Kafka Connect with Debezium as they come, or: kafka-connect, kafka-connect-tuned,
                    pg-logical-replication (with a producer of kafkajs, for pg-cdc-stream); may be repeated
  --tuned           --peer kafka-connect-tuned
  --no-millrace     those alone
  --eos, --no-eos   whether Kafka Connect's sources are exactly once; else: the tuned one's, in the streaming workloads
  --repeat N        runs of each, in turn; from the second on, workers are warm (1)
  --records N       rows, changes or records instead of the workload's own number
  --seconds N       how long the latency workloads write (30)
  --commit-interval N  millrace.commit.interval.ms of Millrace's sources (10)
  --profile FOLDER  write CPU profiles of the workers that run on Node
  --json            one line of JSON for each run on stdout

Servers are started for the call, but for those that MILLRACE_KAFKA, MILLRACE_POSTGRES and MILLRACE_TEMPORAL_ADDRESS name.
`;

/** Throws a message for invalid arguments. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: args.flatMap((arg, i) => (arg === '--peer' && !isPeer(args[i + 1]) ? [arg, 'kafka-connect'] : [arg])),
    allowPositionals: true,
    allowNegative: true,
    options: {
      millrace: { type: 'boolean', default: true },
      peer: { type: 'string', multiple: true, default: [] },
      tuned: { type: 'boolean', default: false },
      eos: { type: 'boolean' },
      repeat: { type: 'string', default: '1' },
      records: { type: 'string' },
      seconds: { type: 'string' },
      'commit-interval': { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const workloadNames = [...Object.keys(workloads), 'kafka-port'];
  const names = positionals.flatMap(name => (name === 'all' ? workloadNames : [name]));
  const unknown = names.find(name => !workloadNames.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no workload ${unknown}; there are ${workloadNames.join(', ')} and all`);
  const peers = peerNames.filter(
    name => values.peer.includes(name) || (values.tuned && name === 'kafka-connect-tuned'),
  );
  if (peers.includes('pg-logical-replication') && names.some(name => name !== 'pg-cdc-stream'))
    throw new Error('pg-logical-replication can be measured in pg-cdc-stream only');
  return {
    names,
    millrace: values.millrace,
    peers,
    exactlyOnce: values.eos,
    repeat: positive('repeat', values.repeat) ?? 1,
    records: positive('records', values.records),
    seconds: positive('seconds', values.seconds),
    commitInterval: positive('commit-interval', values['commit-interval']),
    profiles: values.profile,
    json: values.json,
    help: values.help || names.length === 0,
  };
}

const isPeer = (text: string | undefined): boolean => (peerNames as readonly string[]).includes(text ?? '');

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} takes a number from 1 on, not ${text}`);
  return number;
}
