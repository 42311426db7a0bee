import type { SourceConnector } from '../../src/api/index.ts';
import { config, type PostgresConfig } from './config/config.ts';
import { connectionSettings } from './config/settings.ts';
import { dropSlot } from './position/slot.ts';
import { Sql } from './session/sql.ts';
import { PostgresTask } from './task.ts';
import { validate } from './validate.ts';

export type { PostgresConfig } from './config/config.ts';

/**
 * Change data capture from PostgreSQL, like `io.debezium.connector.postgresql.PostgresConnector`: the same configuration
 * and the same records. One task, because a replication slot has one reader.
 */
export const connector: SourceConnector<PostgresConfig> = {
  kind: 'source',
  config,
  plan: async () => [{}],
  task: () => new PostgresTask(),
  validate,
  /** Drops the slot with `slot.drop.on.stop`; otherwise slot and publication stay, as in Debezium. */
  async deleted(settings, { log }) {
    if (!settings['slot.drop.on.stop']) return;
    const sql = new Sql(connectionSettings(settings), { applicationName: 'millrace deletion' });
    try {
      await dropSlot(sql, settings['slot.name']);
      log.info({ slot: settings['slot.name'] }, 'replication slot dropped');
    } finally {
      await sql.close();
    }
  },
};
