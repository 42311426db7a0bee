/** Addresses of the servers that tests run against. */
export interface Servers {
  /** host:port */
  readonly kafka: string;
  readonly postgres: PostgresServer;
  /** host:port of the gRPC frontend */
  readonly temporal: string;
}

/** Servers of connectors, set when a test file of the run uses them. */
export interface ConnectorServers {
  /** http://host:port */
  readonly elasticsearch: string;
  readonly mariadb: PostgresServer;
}

export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** A server is missing when no test of the run needs it. */
    stack: Partial<Servers & ConnectorServers>;
  }
}

/**
 * External servers for tests: MILLRACE_TEST_KAFKA and MILLRACE_TEST_TEMPORAL as host:port, MILLRACE_TEST_POSTGRES,
 * MILLRACE_TEST_ELASTICSEARCH and MILLRACE_TEST_MARIADB (mysql://root@host:port) as URLs. The product's own variables
 * are ignored, because tests create and drop data.
 */
export function serversInEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Partial<Servers & ConnectorServers> {
  const {
    MILLRACE_TEST_KAFKA: kafka,
    MILLRACE_TEST_POSTGRES: postgres,
    MILLRACE_TEST_TEMPORAL: temporal,
    MILLRACE_TEST_ELASTICSEARCH: elasticsearch,
    MILLRACE_TEST_MARIADB: mariadb,
  } = environment;
  return {
    ...(kafka ? { kafka } : {}),
    ...(postgres ? { postgres: serverAt(postgres, 5432) } : {}),
    ...(temporal ? { temporal } : {}),
    ...(elasticsearch ? { elasticsearch } : {}),
    ...(mariadb ? { mariadb: serverAt(mariadb, 3306) } : {}),
  };
}

function serverAt(url: string, defaultPort: number): PostgresServer {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: Number(port || defaultPort),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}
