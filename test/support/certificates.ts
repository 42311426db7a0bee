import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../src/stack/process/commands.ts';

const run = promisify(execFile);

export interface Certificate {
  /** Path of a PEM file with key and certificate. */
  readonly pem: string;
  /** Path of the same as PKCS12, with the password `changeit`. */
  readonly p12: string;
}

export interface Authority {
  /** Path of the authority's own certificate, PEM. */
  readonly ca: string;
  /** Issues a certificate for 127.0.0.1 and localhost, and for clients. */
  issue(name: string): Promise<Certificate>;
}

/** Creates a certificate authority in a folder; its certificates are valid for two days. */
export async function authority(folder: string, name = 'authority'): Promise<Authority> {
  const openssl = await findProgram('openssl');
  if (openssl === undefined) throw new Error('openssl is needed to create certificates: apt-get install openssl');
  const at = (file: string) => join(folder, file);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const [ca, caKey] = [at(`${name}.pem`), at(`${name}.key`)];
  await run(openssl, ['req', '-x509', ...newKey, '-keyout', caKey, '-out', ca, '-subj', `/CN=${name}`, '-days', '2']);
  return {
    ca,
    async issue(subject) {
      const [key, request, cert, pem, p12] = ['key', 'csr', 'crt', 'pem', 'p12'].map(end =>
        at(`${subject}.${end}`),
      ) as [string, string, string, string, string];
      await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
      await run(openssl, ['req', ...newKey, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`]);
      const signing = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2', '-extfile', at('names')];
      await run(openssl, ['x509', '-req', '-in', request, '-out', cert, ...signing]);
      const exporting = ['-inkey', key, '-in', cert, '-out', p12, '-passout', 'pass:changeit'];
      await run(openssl, ['pkcs12', '-export', ...exporting]);
      await run('sh', ['-c', 'cat "$0" "$1" > "$2"', key, cert, pem]);
      return { pem, p12 };
    },
  };
}
