import type { MariadbServer } from '../types.ts';

/** What a URL such as mysql://root:password@127.0.0.1:3306 says. */
export function mariadbAt(url: string): Pick<MariadbServer, 'address' | 'host' | 'port' | 'user' | 'password' | 'url'> {
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
