export type ServiceName = 'temporal' | 'kafka' | 'postgres' | 'elasticsearch' | 'mariadb';

/** Origin of a server: an address in the environment, a container engine, or a program of this machine. */
export type ServerOrigin = 'environment' | 'container' | 'native';

/** Receives one line of progress, without a line end. */
export type Log = (line: string) => void;

/** A server that answers. */
export interface Server extends AsyncDisposable {
  readonly service: ServiceName;
  readonly origin: ServerOrigin;
  /** host:port */
  readonly address: string;
  /** Product and version for display: `Kafka 4.3.1`. */
  readonly version: string;
  /** The server's current process; undefined while it is down, in a container or external. */
  readonly pid: number | undefined;
  /** Stops the server and removes its files, except a `dataDir`. Does nothing to an external server. */
  stop(): Promise<void>;
}

/** A server that this process started, for tests of failures. Its address and data stay until `stop`. */
export interface ManagedServer extends Server {
  /** Kills it (SIGKILL), like a crash; resolves when the process has ended. */
  kill9(): Promise<void>;
  /** Freezes it (SIGSTOP): connections stay open without answers. */
  stopProcess(): Promise<void>;
  /** Resumes it after `stopProcess` (SIGCONT). */
  cont(): Promise<void>;
  /** Restarts it, with an orderly stop when it runs; resolves when it answers. */
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
  /** http://host:port of the web UI; undefined for an external server. */
  readonly ui: string | undefined;
}

export interface ElasticsearchServer extends Server {
  readonly service: 'elasticsearch';
  /** http://host:port */
  readonly url: string;
}

/** MariaDB; in a container MySQL, which has the same protocol. */
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
  /** Default: a free port. */
  readonly port?: number;
  /** Folder of the data, which stays after `stop`. Default: a temporary folder, removed by `stop`. */
  readonly dataDir?: string;
  /** Variables added to the environment of a program of this machine. Containers ignore them. */
  readonly env?: NodeJS.ProcessEnv;
  readonly log?: Log;
}

export interface TemporalOptions extends StartOptions {
  /** Port of the web UI. Default: a free port. */
  readonly uiPort?: number;
}

/** One function for each service, which starts it. */
export type Starters = {
  readonly [K in ServiceName]: (options: TemporalOptions) => Promise<ServerOf[K] & ManagedServer>;
};

export const silent: Log = () => undefined;
