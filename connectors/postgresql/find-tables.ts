import type { SourceTaskContext } from '../../src/api/index.ts';
import { Catalog } from './catalog/catalog.ts';
import { openPublication, publishesViaRoot } from './catalog/publication.ts';
import { IdentityCheck } from './catalog/replica-identity.ts';
import type { Server } from './catalog/server.ts';
import { refuseTopicConflicts } from './catalog/topic-conflicts.ts';
import type { PostgresConfig } from './config/config.ts';
import { capturedTables, publicationSettings, schemaSettings, streams } from './config/settings.ts';
import type { Sql } from './session/sql.ts';

/** The captured tables, after their publication and their replica identities are checked. */
export async function findTables(config: PostgresConfig, { log, report }: SourceTaskContext, sql: Sql, server: Server) {
  const publication = publicationSettings(config);
  const catalog = new Catalog(sql, { publication: publication.name, serverVersion: server.version });
  const captured = capturedTables(config);
  const viaRoot = await publishesViaRoot(sql, publication);
  const tables = (await catalog.tables(viaRoot)).filter(({ schema, table }) => captured(schema, table));
  refuseTopicConflicts(tables, schemaSettings(config).naming);
  const settings = { sql, publication: publication.name, serverVersion: server.version, log, report };
  const identities = new IdentityCheck(settings);
  if (streams(config)) {
    await openPublication(sql, publication, tables, log);
    await identities.run();
  }
  return { catalog, tables, identities };
}
