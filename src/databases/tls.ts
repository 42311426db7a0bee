import type { ConnectionOptions } from 'node:tls';

/** TLS modes in PostgreSQL's terms; `prefer` continues without TLS if the server has none. */
export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

export interface TlsSettings {
  readonly tls: TlsMode;
  /** Paths of PEM files: the authority's certificate, the client's certificate, and the client's key. */
  readonly rootCertificate: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/** Reads a PEM file. setting: the setting that names the file, for the error. */
export type PemReader = (path: string, setting: keyof TlsSettings) => Promise<Buffer>;

/**
 * TLS options of the attempts to connect, in order; undefined for an attempt without TLS. As in libpq and the JDBC
 * drivers, `require` encrypts, and the verifying modes check the authority and the host name. Rejects as `readPem` does.
 */
export async function tlsAttempts(
  settings: TlsSettings,
  readPem: PemReader,
): Promise<readonly (ConnectionOptions | undefined)[]> {
  if (settings.tls === 'disable') return [undefined];
  const read = async (setting: 'rootCertificate' | 'certificate' | 'key') => {
    const path = settings[setting];
    return path === undefined ? undefined : await readPem(path, setting);
  };
  const [ca, cert, key] = await Promise.all([read('rootCertificate'), read('certificate'), read('key')]);
  const encrypted: ConnectionOptions = {
    rejectUnauthorized: settings.tls === 'verify-ca' || settings.tls === 'verify-full',
    ...(settings.tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  return settings.tls === 'prefer' ? [encrypted, undefined] : [encrypted];
}

/** Code of an error about certificates or the TLS handshake. */
export const isTlsErrorCode = (code: string): boolean =>
  /^(CERT_|ERR_TLS|ERR_SSL|ERR_OSSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA)/.test(code);
