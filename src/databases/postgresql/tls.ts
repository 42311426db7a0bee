import type { TlsMode } from '../tls.ts';

const modes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const satisfies readonly TlsMode[];

/** Mode of pgjdbc's `sslmode`, or of its older switch `ssl`, which verifies the certificate. Throws Error. */
export function postgresTlsMode(parameters: URLSearchParams): TlsMode {
  const text = parameters.get('sslmode')?.toLowerCase() || undefined;
  if (text === undefined) {
    const isOff = !parameters.has('ssl') || parameters.get('ssl')?.toLowerCase() === 'false';
    return isOff ? 'prefer' : 'verify-full';
  }
  if (text === 'allow') return 'prefer';
  const mode = modes.find(each => each === text);
  if (mode === undefined)
    throw new Error(`sslmode=${text} is none of disable, allow, prefer, require, verify-ca, verify-full`);
  return mode;
}
