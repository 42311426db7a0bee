/** Where the servers are that tests run against. */
export interface Servers {
  /** host:port */
  readonly kafka: string;
  readonly postgres: PostgresServer;
  /** host:port of the gRPC frontend */
  readonly temporal: string;
}

/** Servers of connectors: there when a file of the run uses them. */
export interface ConnectorServers {
  /** http://host:port */
  readonly elasticsearch: string;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Servers are missing when no test of the run needs them. */
    stack: Partial<Servers & ConnectorServers>;
  }
}

/**
 * Servers that someone keeps running for tests: MILLRACE_TEST_KAFKA and MILLRACE_TEST_TEMPORAL as host:port,
 * MILLRACE_TEST_POSTGRES and MILLRACE_TEST_ELASTICSEARCH as a URL. The product's own variables are not looked at: tests make and drop things.
 */
export function serversInEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Partial<Servers & ConnectorServers> {
  const {
    MILLRACE_TEST_KAFKA: kafka,
    MILLRACE_TEST_POSTGRES: postgres,
    MILLRACE_TEST_TEMPORAL: temporal,
    MILLRACE_TEST_ELASTICSEARCH: elasticsearch,
  } = environment;
  return {
    ...(kafka ? { kafka } : {}),
    ...(postgres ? { postgres: postgresServer(postgres) } : {}),
    ...(temporal ? { temporal } : {}),
    ...(elasticsearch ? { elasticsearch } : {}),
  };
}

function postgresServer(url: string): PostgresServer {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}
