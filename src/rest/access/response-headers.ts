import type { FastifyInstance, FastifyReply } from 'fastify';
import { MillraceError } from '../../errors.ts';

export interface HeaderRule {
  readonly action: 'set' | 'add' | 'setdate' | 'adddate';
  readonly name: string;
  /** Of dates: milliseconds since 1970 that are added to the time of the answer. */
  readonly value: string;
}

/**
 * `response.http.headers.config`: `[action] [name]:[value]` with commas between several; a rule with a comma in it stands
 * in double quotes. CONFIG_INVALID.
 */
export function parseHeaderRules(text: string | undefined): readonly HeaderRule[] {
  return splitRules(text ?? '').map(rule => {
    const [, action = '', name = '', value = ''] = /^(\S+)\s+([^:\s]+)\s*:(.*)$/s.exec(rule) ?? [];
    const known = actions.find(one => one === action.toLowerCase());
    const wrong = known === undefined || !isToken(name) || !isValue(value.trim()) || !isValidFor(known, value.trim());
    if (wrong)
      throw new MillraceError(
        'CONFIG_INVALID',
        `Invalid value ${rule} for configuration response.http.headers.config: a rule is [action] [header name]:[header value], with the action set, add, setDate or addDate, and milliseconds as the value of a date.`,
      );
    return { action: known, name, value: value.trim() };
  });
}

const actions = ['set', 'add', 'setdate', 'adddate'] as const;
/** RFC 9110, 5.1 and 5.5. */
const isToken = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
const isValue = (value: string): boolean => /^[\t\x20-\x7e]+$/.test(value);
const isValidFor = (action: HeaderRule['action'], value: string): boolean =>
  !action.endsWith('date') || /^-?\d{1,14}$/.test(value);

/** At commas that are outside of quotes. */
function splitRules(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"|[^",])+/g) ?? [];
  return parts
    .map(part =>
      part
        .trim()
        .replace(/^"([^"]*)"$/, '$1')
        .trim(),
    )
    .filter(part => part !== '');
}

export function addResponseHeaders(app: FastifyInstance, headers: readonly HeaderRule[]): void {
  app.addHook('onRequest', async (_request, reply) => {
    for (const rule of headers) apply(reply, rule);
  });
}

function apply(reply: FastifyReply, { action, name, value }: HeaderRule): void {
  const text = action.endsWith('date') ? new Date(Date.now() + Number(value)).toUTCString() : value;
  const there = reply.getHeader(name);
  const kept = action.startsWith('add') && there !== undefined ? [there].flat().map(String) : [];
  reply.header(name, kept.length === 0 ? text : [...kept, text]);
}
