import type { MariadbServer } from '../types.ts';

/** Parses a URL such as mysql://root:password@127.0.0.1:3306; the default port is 3306, the default user root. */
export function parseMariadbUrl(
  url: string,
): Pick<MariadbServer, 'address' | 'host' | 'port' | 'user' | 'password' | 'url'> {
  const { hostname: host, port: portText, username, password } = new URL(url);
  const port = Number(portText || 3306);
  return {
    address: `${host}:${port}`,
    host,
    port,
    user: decodeURIComponent(username) || 'root',
    password: decodeURIComponent(password),
    url,
  };
}
