import { connector } from '../../../connectors/postgresql/index.ts';
import type { SourceConnector } from '../../../src/api/index.ts';
import { propsOf } from '../../integration/postgresql/harness.ts';
import { createDatabase } from '../../support/database.ts';
import { quoted, tablePattern, topicOf } from '../../support/generate/identifiers.ts';
import type { CdcSubject } from './subject.ts';

const SCHEMA = 'public';

export const postgresql: CdcSubject = {
  name: 'PostgreSQL',
  connector: connector as SourceConnector<unknown>,
  async createDatabase() {
    const db = await createDatabase('contract');
    return {
      async run(...statements) {
        for (const statement of statements) await db.query(statement);
      },
      transaction: async (...statements) => void (await db.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'))),
      rollback: async (...statements) => void (await db.query(['BEGIN', ...statements, 'ROLLBACK'].join(';\n'))),
      rows: sql => db.query(sql),
      quoted,
      pattern: (table, column) => tablePattern(SCHEMA, table) + (column === undefined ? '' : `\\.${column}`),
      props: more => propsOf(db, more),
      topicOf: table => topicOf(db.name, SCHEMA, table),
      heartbeatTopic: `__debezium-heartbeat.${db.name}`,
      loseHistory: async () => void (await db.query('SELECT pg_drop_replication_slot($1)', [db.name])),
      [Symbol.asyncDispose]: () => db.drop(),
    };
  },
};
