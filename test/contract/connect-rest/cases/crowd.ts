import type { Json, Step } from '../step.ts';
import { idle } from './http.ts';

/** Simultaneous requests. */
const CONNECTORS = 50;
/** Kafka Connect accepts names with a slash or a percent sign that it cannot delete. */
const own = (body: Json): string[] => body.filter((name: string) => /^(crowd|wanted)/.test(name)).toSorted();
const expanded = (body: Json) => Object.entries<Json>(body).filter(([name]) => name.startsWith('crowd-'));
const stopped = (body: Json) => expanded(body).filter(([, { status }]) => status.connector.state === 'STOPPED');

export const crowd: readonly Step[] = [
  {
    what: 'crowd: one name, eight creations at once',
    method: 'POST',
    path: '/connectors',
    body: { name: 'wanted', config: idle, initial_state: 'STOPPED' },
    atOnce: 8,
    of: bodies => [...new Set(bodies.map((body: Json) => body.message ?? body.name))].sort(),
    differs: {
      why: 'Of several simultaneous creations of one name exactly one answers 201',
      status: 409,
      sometimes: true,
      says: /"201":1,"409":7/,
    },
  },
  { what: 'crowd: it is there once', method: 'GET', path: '/connectors', of: own },
  { what: 'crowd: its configuration', method: 'GET', path: '/connectors/wanted/config' },
  { what: 'crowd: it is deleted', method: 'DELETE', path: '/connectors/wanted' },
  {
    what: `crowd: ${CONNECTORS} are made at once`,
    method: 'POST',
    path: '/connectors',
    body: { name: 'crowd-{{n}}', config: idle, initial_state: 'STOPPED' },
    atOnce: CONNECTORS,
    of: bodies => bodies.map((body: Json) => body.name).sort(),
  },
  {
    what: 'crowd: all are listed',
    method: 'GET',
    path: '/connectors',
    until: body => own(body).length === CONNECTORS,
    of: own,
  },
  {
    what: 'crowd: all are stopped',
    method: 'GET',
    path: '/connectors?expand=status&expand=info',
    until: body => stopped(body).length === CONNECTORS,
    of: body => [stopped(body).length, ...expanded(body).filter(([name]) => name === 'crowd-7')],
  },
  {
    what: 'crowd: each has its configuration',
    method: 'GET',
    path: '/connectors/crowd-{{n}}/config',
    atOnce: CONNECTORS,
    of: bodies => bodies.map((body: Json) => body.name),
  },
  {
    what: 'crowd: all are changed at once',
    method: 'PUT',
    path: '/connectors/crowd-{{n}}/config',
    body: { ...idle, file: '{{folder}}/{{n}}.txt' },
    atOnce: CONNECTORS,
    of: bodies => bodies.map((body: Json) => body.config.file),
  },
  {
    what: 'crowd: one is patched by ten at once',
    method: 'PATCH',
    path: '/connectors/crowd-0/config',
    body: { 'key.{{n}}': 'x' },
    atOnce: 10,
  },
  { what: 'crowd: all are deleted at once', method: 'DELETE', path: '/connectors/crowd-{{n}}', atOnce: CONNECTORS },
  { what: 'crowd: none is left', method: 'GET', path: '/connectors', until: body => own(body).length === 0, of: own },
];
