import { Exit, exitStatus } from '../program.ts';

/** Exit statuses beside those of every command. */
export const connectorsExit = { ...exitStatus, unreachable: 3, unhealthy: 4 } as const;

export const DEFAULT_URL = 'http://127.0.0.1:8083';
/** Longer than the server itself waits for anything. */
const PATIENCE_MS = 120_000;

export interface RestAnswer {
  readonly status: number;
  /** The body as it came; empty for 202 and 204. */
  readonly text: string;
  /** The body as JSON; undefined where there is none. */
  readonly json: unknown;
}

export interface RestRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Parts of the path, not yet encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

export interface RestClient {
  /** What a success answers. Anything else has said its sentence on stderr and leaves with `Exit`. */
  ask(request: RestRequest): Promise<RestAnswer>;
}

/**
 * A client of a Kafka Connect REST API, Millrace's or another. `url` may have a path and a user with a password.
 * `json`: what the server answers goes to stdout as it is, refusals too.
 */
export function restClient(url: string, json: boolean): RestClient {
  const { base, authorization } = baseOf(url);
  return {
    async ask({ method = 'GET', path, query = {}, body }) {
      const address = new URL(path.map(encodeURIComponent).join('/'), base);
      for (const [name, values] of Object.entries(query))
        for (const value of [values].flat()) address.searchParams.append(name, value);
      const answer = await reached(
        fetch(address, {
          method,
          headers: {
            accept: 'application/json',
            ...(authorization === undefined ? {} : { authorization }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(PATIENCE_MS),
        }).then(async response => ({ status: response.status, text: await response.text() })),
        base,
      );
      const parsed = jsonOf(answer.text);
      if (json && parsed !== undefined) process.stdout.write(`${answer.text.trim()}\n`);
      if (answer.status >= 200 && answer.status < 300 && (answer.text === '' || parsed !== undefined))
        return { ...answer, json: parsed };
      throw refused(answer.status, parsed, base);
    },
  };
}

function baseOf(text: string): { base: URL; authorization: string | undefined } {
  const base = URL.canParse(text) ? new URL(text) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw leave(connectorsExit.usage, `--url wants an address such as ${DEFAULT_URL}.`);
  const { username, password } = base;
  base.username = '';
  base.password = '';
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { base, authorization: user === ':' ? undefined : `Basic ${Buffer.from(user).toString('base64')}` };
}

async function reached<T>(asked: Promise<T>, base: URL): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw leave(
      connectorsExit.unreachable,
      `No answer from ${base.origin} (${reasonOf(error)}): start a worker with \`millrace worker\`, or name the REST server with --url or MILLRACE_URL.`,
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error.name === 'TimeoutError' ? `nothing in ${PATIENCE_MS / 1000} s` : error.message;
}

function refused(status: number, body: unknown, base: URL): Exit {
  const message = (body as { message?: unknown } | undefined)?.message;
  const away = status === 502 || status === 503 || status === 504;
  return leave(
    away ? connectorsExit.unreachable : connectorsExit.failed,
    typeof message === 'string'
      ? message
      : `${base.origin} answered ${status} and not as Kafka Connect's REST API does: is --url right?`,
  );
}

/** Says the sentence on stderr; throw what it answers. */
export function leave(status: number, sentence: string): Exit {
  process.stderr.write(`millrace: ${sentence}\n`);
  return new Exit(status);
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
