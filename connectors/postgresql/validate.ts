import type { PlanContext } from '../../src/api/index.ts';
import { MillraceError, messageOf } from '../../src/errors.ts';
import { privilegeProblem, queryServer, serverProblem } from './catalog/server.ts';
import type { PostgresConfig } from './config/config.ts';
import { connectionSettings } from './config/settings.ts';
import { Sql } from './session/sql.ts';

/** Logs in and checks the requirements of a task. Messages by key, in the form of Debezium's validation. */
export async function validate(
  config: PostgresConfig,
  context: PlanContext,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const sql = new Sql(connectionSettings(config), {
    applicationName: 'millrace validation',
    connectTimeoutMs: Math.min(config['connection.validation.timeout.ms'], 10_000),
  });
  const abort = () => void sql.close();
  context.signal.addEventListener('abort', abort, { once: true });
  try {
    const server = await queryServer(sql);
    const streams = config['snapshot.mode'] !== 'initial_only';
    const problem = serverProblem(server, streams);
    const rights = streams ? privilegeProblem(server) : undefined;
    return {
      ...(problem === undefined ? {} : { 'database.hostname': [invalid(problem)] }),
      ...(rights === undefined ? {} : { 'database.user': [invalid(rights)] }),
    };
  } catch (error) {
    return { [keyOf(error)]: [invalid(messageOf(error))] };
  } finally {
    context.signal.removeEventListener('abort', abort);
    await sql.close();
  }
}

const invalid = (reason: string): string => `Error while validating connector config: ${reason}`;

/** The key that a failed login concerns. */
function keyOf(error: unknown): string {
  const code =
    error instanceof MillraceError ? String((error.cause as { code?: unknown } | undefined)?.code ?? '') : '';
  if (code === '3D000') return 'database.dbname';
  if (code === '28P01') return 'database.password';
  return code.startsWith('28') ? 'database.user' : 'database.hostname';
}
