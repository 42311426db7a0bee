import type { Socket } from 'node:net';

/** A session with the drivers' default: TLS if the server supports it, without verification. */
export interface UnverifiedSession {
  /** `PostgreSQL at db.example:5432` */
  readonly server: string;
  /** IP address of the server; undefined if unknown. */
  readonly address: string | undefined;
  readonly isEncrypted: boolean;
  /** Setting in effect, such as `sslmode=prefer`, and the one that verifies, such as `sslmode=verify-full in connection.url`. */
  readonly setting: string;
  readonly remedy: string;
}

/** Warning about the session; undefined for a server on this machine. */
export function tlsWarning({ server, address, isEncrypted, setting, remedy }: UnverifiedSession): string | undefined {
  if (address === undefined || isLoopback(address)) return undefined;
  const problem = isEncrypted
    ? `the connection to ${server} is encrypted, but ${setting} does not verify the server's certificate: another server could impersonate it`
    : `the connection to ${server} is not encrypted: ${setting} continues without TLS if the server does not support it`;
  return `${problem}. Set ${remedy}`;
}

const isLoopback = (address: string): boolean => address === '::1' || /^(?:::ffff:)?127\./.test(address);

export const isEncrypted = (socket: Socket): boolean => 'encrypted' in socket && socket.encrypted === true;
