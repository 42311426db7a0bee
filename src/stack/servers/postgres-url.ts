import type { PostgresServer } from '../types.ts';

/** Where a PostgreSQL is that was started here. */
export function ownPostgresUrl(port: number): string {
  return `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
}

/** What a PostgreSQL URL says. */
export function postgresAt(
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
