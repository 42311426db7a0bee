import type { ByteWriter } from '../../api/index.ts';

const QUOTE = 0x22;

/** Appends one byte. */
export function byte(out: ByteWriter, value: number): void {
  out.reserve(1);
  out.buffer[out.length++] = value;
}

/** Appends an integer. */
export function integer(out: ByteWriter, value: number): void {
  if (value < 0 || value > 0x7fffffff) {
    out.ascii(String(value));
    return;
  }
  let rest = value | 0;
  let digits = 1;
  for (let limit = 10; digits < 10 && rest >= limit; limit *= 10) digits++;
  out.reserve(digits);
  const { buffer } = out;
  let at = out.length + digits;
  out.length = at;
  do {
    const tens = (rest / 10) | 0;
    buffer[--at] = 0x30 + rest - tens * 10;
    rest = tens;
  } while (rest > 0);
}

const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;

/** Appends bytes as a JSON string in standard base64. */
export function base64(out: ByteWriter, bytes: Uint8Array): void {
  const n = bytes.length;
  out.reserve(Math.ceil(n / 3) * 4 + 2);
  const { buffer } = out;
  let at = out.length;
  buffer[at++] = QUOTE;
  if (n > 64) at += buffer.write(viewOf(bytes).toString('base64'), at, 'latin1');
  else
    for (let i = 0; i < n; i += 3) {
      const [a, b, c] = [bytes[i] as number, bytes[i + 1], bytes[i + 2]];
      buffer[at++] = alphabet[a >> 2] as number;
      buffer[at++] = alphabet[((a & 3) << 4) | ((b ?? 0) >> 4)] as number;
      buffer[at++] = b === undefined ? PAD : (alphabet[((b & 15) << 2) | ((c ?? 0) >> 6)] as number);
      buffer[at++] = c === undefined ? PAD : (alphabet[c & 63] as number);
    }
  buffer[at++] = QUOTE;
  out.length = at;
}

const viewOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Decodes standard base64 with padding; undefined for other text. */
export function fromBase64(text: string): Buffer | undefined {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
