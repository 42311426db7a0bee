import type pg from 'pg';
import type { WatchedSession } from '../../../src/databases/answer-watch.ts';
import { transferredBytes } from '../../../src/databases/link.ts';
import {
  backendOf,
  PROBE_APPLICATION_NAME,
  probeBackend,
  socketOf,
} from '../../../src/databases/postgresql/session.ts';
import { type ConnectionSettings, connect } from './connection.ts';

/** Beyond `database.query.timeout.ms`, after which the server should have ended the query itself. */
const GRACE_MS = 30_000;

/** A session as watchAnswer takes it. applicationName: of that session. */
export function watchedSession(
  settings: ConnectionSettings,
  client: pg.Client,
  applicationName: string,
): WatchedSession {
  const { host, port, queryTimeoutMs } = settings;
  const inquirySettings = { ...settings, initialStatements: [] };
  return {
    server: `PostgreSQL at ${host}:${port}`,
    failure: 'SOURCE_UNAVAILABLE',
    limitMs: queryTimeoutMs > 0 ? queryTimeoutMs + GRACE_MS : 0,
    limitSetting: 'database.query.timeout.ms',
    progress: () => transferredBytes(socketOf(client)),
    probe: (inquiry, signal) =>
      probeBackend(
        deadline => connect(inquirySettings, { applicationName: PROBE_APPLICATION_NAME, signal: deadline }),
        backendOf(client, applicationName),
        inquiry,
        signal,
      ),
  };
}
