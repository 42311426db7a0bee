import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import kafkajs, { type Message, type Producer } from 'kafkajs';
import pg from 'pg';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { parseProperties } from '../../src/config/worker-config/properties.ts';
import type { ConnectorConfig, Status } from './connect.ts';

/** Records of a request to Kafka, and the longest time until it is sent, in milliseconds. */
const BATCH = 2000;
const LINGER_MS = 50;

// By default bigint is a text, and timestamptz a Date, which has no microseconds.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, value => `${value.slice(0, -3).replace(' ', 'T')}Z`);
pg.types.setTypeParser(pg.types.builtins.NUMERIC, connectDecimal);

/** The unscaled value as Connect's Decimal has it: two's complement, base64. */
function connectDecimal(value: string): string {
  const bytes = Buffer.alloc(6);
  bytes.writeIntBE(Number(value.replace('.', '')), 0, 6);
  return bytes.toString('base64');
}

/**
 * Changes of a table from a slot to a topic, at least once: a transaction is acknowledged after Kafka has its records.
 * Written as the READMEs of the two libraries show it, with batches.
 */
class Pipeline {
  readonly #config: ConnectorConfig;
  readonly #producer: Producer;
  #service: LogicalReplicationService | undefined;
  #timer: NodeJS.Timeout | undefined;
  #messages: Message[] = [];
  /** End of the last transaction whose records are in `#messages`, and of the last one that Kafka has. */
  #committed: string | undefined;
  #written: string | undefined;
  #sending: Promise<void> = Promise.resolve();
  #transaction: Pgoutput.MessageBegin | undefined;
  failure: Error | undefined;

  constructor(config: ConnectorConfig, producer: Producer) {
    this.#config = config;
    this.#producer = producer;
  }

  get isRunning(): boolean {
    return this.#service !== undefined;
  }

  async create(): Promise<void> {
    const client = new pg.Client(this.#connection);
    await client.connect();
    await client.query(`CREATE PUBLICATION "${this.#property('publication.name')}" FOR TABLE orders`);
    await client.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [this.#property('slot.name')]);
    await client.end();
    await this.start();
  }

  async start(): Promise<void> {
    const service = new LogicalReplicationService(this.#connection, {
      acknowledge: { auto: false, timeoutSeconds: 0 },
      flowControl: { enabled: true },
    });
    service.on('data', (lsn, message: Pgoutput.Message) => this.#add(lsn, message));
    service.on('heartbeat', (_lsn, _time, shouldRespond) => {
      if (shouldRespond && this.#written !== undefined) void service.acknowledge(this.#written);
    });
    service.on('error', error => this.#fail(error));
    const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [this.#property('publication.name')] });
    const started = new Promise<void>(resolve => service.on('start', resolve));
    const ended = service.subscribe(plugin, this.#property('slot.name'));
    ended.catch(error => this.#fail(error));
    await Promise.race([started, ended]);
    this.#service = service;
    this.#timer = setInterval(() => void this.#send(), LINGER_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#send();
    await this.#service?.destroy();
    this.#service = undefined;
    this.#messages = [];
    this.#committed = undefined;
  }

  async #add(lsn: string, message: Pgoutput.Message): Promise<void> {
    switch (message.tag) {
      case 'begin':
        this.#transaction = message;
        break;
      case 'insert':
        this.#push(lsn, 'c', null, message.new);
        break;
      case 'update':
        this.#push(lsn, 'u', message.old, message.new);
        break;
      case 'delete':
        this.#push(lsn, 'd', message.old ?? message.key, null);
        break;
      case 'commit':
        this.#committed = message.commitEndLsn ?? undefined;
        if (this.#messages.length >= BATCH) await this.#send();
        break;
    }
  }

  #push(lsn: string, op: string, before: Row | null, after: Row | null): void {
    const [high = '', low = ''] = lsn.split('/');
    const source = {
      connector: 'postgresql',
      name: this.#property('topic.prefix'),
      ts_us: Number(this.#transaction?.commitTime),
      txId: this.#transaction?.xid,
      lsn: Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16),
      schema: 'public',
      table: 'orders',
    };
    this.#messages.push({
      key: JSON.stringify({ id: (after ?? before)?.['id'] }),
      value: JSON.stringify({ before, after, source, op, ts_ms: Date.now() }),
    });
  }

  /** Writes what is buffered; acknowledges the last transaction that is written completely. */
  #send(): Promise<void> {
    this.#sending = this.#sending.then(async () => {
      const messages = this.#messages;
      const committed = this.#committed;
      if (messages.length === 0) return;
      this.#messages = [];
      await this.#producer.send({ topic: `${this.#property('topic.prefix')}.public.orders`, messages, acks: -1 });
      if (committed === undefined) return;
      this.#written = committed;
      await this.#service?.acknowledge(committed);
    });
    this.#sending.catch(error => this.#fail(error));
    return this.#sending;
  }

  #fail(error: Error): void {
    this.failure ??= error;
  }

  get #connection(): pg.ClientConfig {
    return {
      host: this.#property('database.hostname'),
      port: Number(this.#property('database.port')),
      user: this.#property('database.user'),
      password: this.#property('database.password'),
      database: this.#property('database.dbname'),
      options: '-c timezone=UTC',
    };
  }

  #property(key: string): string {
    return this.#config[key] ?? '';
  }
}

type Row = Readonly<Record<string, unknown>>;

/** The part of Kafka Connect's REST API that the workload uses. */
async function serve(file: string): Promise<void> {
  const properties = parseProperties(readFileSync(file, 'utf8'));
  const { hostname, port } = new URL(properties['listeners'] ?? '');
  const kafka = new kafkajs.Kafka({ brokers: (properties['bootstrap.servers'] ?? '').split(','), clientId: 'bench' });
  const producer = kafka.producer();
  await producer.connect();
  const pipelines = new Map<string, Pipeline>();

  const handle = async (request: IncomingMessage): Promise<unknown> => {
    const [, , name = '', action = ''] = (request.url ?? '').split('/');
    const pipeline = pipelines.get(name);
    const call = `${request.method} ${action}`;
    if (name === '') return [...pipelines.keys()];
    if (call === 'PUT config') {
      const created = new Pipeline(JSON.parse(await text(request)) as ConnectorConfig, producer);
      pipelines.set(name, created);
      await created.create();
    } else if (pipeline === undefined) return undefined;
    else if (call === 'PUT stop') await pipeline.stop();
    else if (call === 'PUT resume') await pipeline.start();
    else if (call === 'GET status') return statusOf(pipeline, `${hostname}:${port}`);
    else if (call === 'DELETE ') {
      await pipeline.stop();
      pipelines.delete(name);
    }
    return {};
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await handle(request);
      response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? {}));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  };
  createServer((request, response) => void answer(request, response)).listen(Number(port), hostname);
}

function statusOf({ failure, isRunning }: Pipeline, worker: string): Status {
  const state = {
    state: failure === undefined ? (isRunning ? 'RUNNING' : 'STOPPED') : 'FAILED',
    worker_id: worker,
    ...(failure === undefined ? {} : { trace: String(failure) }),
  };
  return { connector: state, tasks: isRunning ? [{ ...state, id: 0 }] : [] };
}

process.once('SIGTERM', () => process.exit(0));
await serve(process.argv[2] ?? '');
