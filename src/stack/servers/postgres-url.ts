import type { PostgresServer } from '../types.ts';

/** URL of a PostgreSQL server that the stack started on this port. */
export function managedPostgresUrl(port: number): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
}

/** Parses a URL such as postgres://user:password@host:5432/database; the default port is 5432. */
export function parsePostgresUrl(
  url: string,
): Pick<PostgresServer, 'address' | 'host' | 'port' | 'user' | 'password' | 'url'> {
  const { hostname: host, port: portText, username, password } = new URL(url);
  const port = Number(portText || 5432);
  return {
    address: `${host}:${port}`,
    host,
    port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    url,
  };
}
