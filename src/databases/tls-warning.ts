import type { Socket } from 'node:net';

/** A session opened by the default of the drivers: with TLS where the server offers it, and not verified. */
export interface UnverifiedSession {
  /** `PostgreSQL at db.example:5432` */
  readonly server: string;
  /** IP address of the server; undefined where it is not known. */
  readonly address: string | undefined;
  readonly isEncrypted: boolean;
  /** The setting that was in force, and the one that verifies: `sslmode=prefer`, `sslmode=verify-full in connection.url`. */
  readonly setting: string;
  readonly remedy: string;
}

/** The warning; undefined for connections that do not leave this machine. */
export function tlsWarning({ server, address, isEncrypted, setting, remedy }: UnverifiedSession): string | undefined {
  if (address === undefined || isLoopback(address)) return undefined;
  const problem = isEncrypted
    ? `the connection to ${server} is encrypted, but ${setting} does not verify the server's certificate: another server could stand in its place`
    : `the connection to ${server} is not encrypted: ${setting} goes on without TLS where the server does not offer it`;
  return `${problem}. Set ${remedy}`;
}

const isLoopback = (address: string): boolean => address === '::1' || /^(?:::ffff:)?127\./.test(address);

export const isEncrypted = (socket: Socket): boolean => 'encrypted' in socket && socket.encrypted === true;
