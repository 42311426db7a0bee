export type ServiceName = 'temporal' | 'kafka' | 'postgres' | 'elasticsearch' | 'mariadb';

/** Where a server comes from: an address somebody gave, a container engine, or a program of this machine. */
export type Origin = 'environment' | 'container' | 'native';

/** Takes one line of progress, without a line end. */
export type Log = (line: string) => void;

/** A server that answers. */
export interface Server extends AsyncDisposable {
  readonly service: ServiceName;
  readonly origin: Origin;
  /** host:port */
  readonly address: string;
  /** What it is, for people: `Kafka 4.3.1`. */
  readonly version: string;
  /** The server's process now; undefined while it is down, in a container or not ours. */
  readonly pid: number | undefined;
  /** Ends what was started and removes its files, unless its data folder was given. Nothing for a server that was only found. */
  stop(): Promise<void>;
}

/** A server that was started here and may be mistreated: address and data outlive everything but `stop`. */
export interface OwnServer extends Server {
  /** Kills it as a crash would; resolves when it is gone. */
  kill9(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open, nothing answers. */
  stopProcess(): Promise<void>;
  /** Lets it go on after `stopProcess`. */
  cont(): Promise<void>;
  /** Starts it again, after ending it in an orderly way if it runs; resolves when it answers. */
  restart(): Promise<void>;
}

export interface KafkaServer extends Server {
  readonly service: 'kafka';
}

export interface PostgresServer extends Server {
  readonly service: 'postgres';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** postgres://user:password@host:port/postgres */
  readonly url: string;
}

export interface TemporalServer extends Server {
  readonly service: 'temporal';
  /** http://host:port of the web UI, where known. */
  readonly ui: string | undefined;
}

export interface ElasticsearchServer extends Server {
  readonly service: 'elasticsearch';
  /** http://host:port */
  readonly url: string;
}

/** MariaDB; in a container MySQL, which speaks the same protocol. */
export interface MariadbServer extends Server {
  readonly service: 'mariadb';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** mysql://user:password@host:port */
  readonly url: string;
}

export interface ServerOf {
  readonly kafka: KafkaServer;
  readonly postgres: PostgresServer;
  readonly temporal: TemporalServer;
  readonly elasticsearch: ElasticsearchServer;
  readonly mariadb: MariadbServer;
}

export interface StartOptions {
  /** Chosen free when not given. */
  readonly port?: number;
  /** Holds the data and keeps it after `stop`; a temporary folder when not given. */
  readonly dataDir?: string;
  /** Environment of a program of this machine, beside this process's own. Containers do not take it. */
  readonly env?: NodeJS.ProcessEnv;
  readonly log?: Log;
}

export interface TemporalOptions extends StartOptions {
  /** Of the web UI; chosen free when not given. */
  readonly uiPort?: number;
}

/** How each server is started. */
export type Starters = {
  readonly [K in ServiceName]: (options: TemporalOptions) => Promise<ServerOf[K] & OwnServer>;
};

export const ignore: Log = () => undefined;
