import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from '../../support/eventually.ts';
import type { Answer, Fixtures, Json, Step } from './step.ts';

/** Sends the requests of the script to a REST server in order, and returns the answers by step name. */
export async function replay(
  base: string,
  steps: readonly Step[],
  surroundings: Fixtures,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  for (const step of steps) {
    const once = () => sendUntilBalanced(base, step, surroundings);
    const { until, concurrency: atOnce } = step;
    if (atOnce !== undefined) {
      answers.set(step.name, await sendConcurrently(base, step, atOnce, surroundings));
      continue;
    }
    const answer =
      until === undefined
        ? await once()
        : await eventually(step.name, async () => {
            const current = await once();
            if (!until(current.body)) throw new Error(JSON.stringify(current));
            return current;
          });
    answers.set(step.name, {
      ...answer,
      ...(step.select && answer.status < 300 && { body: step.select(answer.body) }),
    });
  }
  return answers;
}

/** Repeats a request that Kafka Connect rejects because of a rebalance, whose duration is random. */
async function sendUntilBalanced(base: string, step: Step, around: Fixtures): Promise<Answer> {
  for (;;) {
    const answer = await send(base, step, around);
    if (!/rebalance/.test((answer.body as Json)?.message ?? '')) return answer;
  }
}

/** Sends simultaneous requests. Returns the number of answers of each status, and the selected part of all bodies. */
async function sendConcurrently(base: string, step: Step, count: number, around: Fixtures): Promise<Answer> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const all = await Promise.all(numbers.map(n => send(base, step, around, n)));
  const statuses: Record<string, number> = {};
  for (const { status } of all) statuses[status] = (statuses[status] ?? 0) + 1;
  const body = step.select?.(all.map(answer => answer.body));
  return { status: Math.max(...all.map(({ status }) => status)), statuses, ...(body === undefined ? {} : { body }) };
}

/** Replaces fetch, which normalizes paths and sends no body with some methods. */
async function send(base: string, step: Step, around: Fixtures, n = 0): Promise<Answer> {
  const { method, path, body, type, headers: more } = step;
  const values = { ...around, n: String(n) };
  const payload =
    body === undefined ? undefined : fillIn(typeof body === 'string' ? body : JSON.stringify(body), values);
  const outgoing = request(base + fillIn(path, values), {
    method,
    agent: false,
    headers: {
      ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
      ...(payload !== undefined && type !== '' && { 'content-type': type ?? 'application/json' }),
      ...more,
    },
  });
  const answer = new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', response => {
      text(response).then(
        read => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read }),
        reject,
      );
    });
  });
  outgoing.end(payload);
  const { status, headers, body: read } = await answer;
  const { location } = headers;
  return {
    status,
    ...(status < 300 && read !== '' ? { type: String(headers['content-type']) } : {}),
    ...(typeof location === 'string' ? { location: location.replace(base, '<base>') } : {}),
    ...(read === '' ? {} : { body: normalize(parseJson(read), around) }),
  };
}

const fillIn = (text: string, values: Fixtures & { n: string }): string =>
  text.replace(/\{\{(\w+)\}\}/g, (_all, name: keyof typeof values) => values[name]);

function parseJson(read: string): Json {
  try {
    return JSON.parse(read);
  } catch {
    return '<no JSON>';
  }
}

/** Fields that depend on the server: worker, version and stack trace; and fields that only Millrace has. */
const serverFields: Readonly<Record<string, unknown>> = {
  worker_id: '<worker>',
  version: '<version>',
  trace: '<trace>',
};
const millraceFields = ['attempt', 'last_failure', 'figures'];

function normalize(value: Json, around: Fixtures, key = ''): Json {
  if (key in serverFields && typeof value === 'string') return serverFields[key];
  if (typeof value === 'string') return withoutLocations(value, around);
  if (Array.isArray(value)) return value.map(one => normalize(one, around));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !millraceFields.includes(name));
  return Object.fromEntries(entries.map(([name, one]) => [name, normalize(one, around, name)]).sort());
}

function withoutLocations(text: string, around: Fixtures): string {
  const { user, topic, url, folder } = around;
  // The user name is part of many words.
  if (text === user) return '{{user}}';
  const replaced = Object.entries({ topic, url, folder }).reduce(
    (rest, [name, there]) => rest.replaceAll(there, `{{${name}}}`),
    text,
  );
  // Paths of a Java installation, and positions that depend on the names of this run.
  return replaced.replace(/PluginDesc\{.*\}/s, '<plugins>').replace(/line: 1, column: \d+/g, 'line: 1, column: <n>');
}
