import type { TlsMode } from '../tls.ts';

/** Values of `sslMode`: those of Connector/J and those of MariaDB's driver. */
const modes: ReadonlyMap<string, TlsMode> = new Map<string, TlsMode>([
  ['disabled', 'disable'],
  ['disable', 'disable'],
  ['preferred', 'prefer'],
  ['required', 'require'],
  ['trust', 'require'],
  ['verify_ca', 'verify-ca'],
  ['verify-ca', 'verify-ca'],
  ['verify_identity', 'verify-full'],
  ['verify-full', 'verify-full'],
]);

const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true';

/** Mode of `sslMode`, or of Connector/J's older `useSSL`, `requireSSL` and `verifyServerCertificate`. Throws Error. */
export function mysqlTlsMode(parameter: (...names: string[]) => string | undefined): TlsMode {
  const text = parameter('sslMode')?.toLowerCase();
  if (text !== undefined) {
    const mode = modes.get(text);
    if (mode === undefined)
      throw new Error(`sslMode=${text} is none of disabled, preferred, required, verify_ca, verify_identity`);
    return mode;
  }
  const use = parameter('useSSL', 'useSsl');
  if (use === undefined) return 'prefer';
  if (!isTrue(use)) return 'disable';
  if (isTrue(parameter('verifyServerCertificate'))) return 'verify-ca';
  return isTrue(parameter('requireSSL')) ? 'require' : 'prefer';
}
