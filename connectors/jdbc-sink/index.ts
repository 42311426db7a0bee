import type { SinkConnector } from '../../src/api/index.ts';
import { alterOffsets, fence } from './alter-offsets.ts';
import { type ConfluentConfig, confluentConfig, confluentSettings } from './config/confluent.ts';
import { type DebeziumConfig, debeziumConfig, debeziumSettings } from './config/debezium.ts';
import { JdbcSinkTask } from './task.ts';

/** `io.confluent.connect.jdbc.JdbcSinkConnector` for PostgreSQL. Exactly once: positions are stored with the rows. */
export const confluentJdbcSink: SinkConnector<ConfluentConfig> = {
  kind: 'sink',
  config: confluentConfig,
  task: () => new JdbcSinkTask(confluentSettings),
  alterOffsets: (config, writer, positions, context) =>
    alterOffsets(confluentSettings(config), writer, positions, context),
  fence: (config, writer, context) => fence(confluentSettings(config), writer, context),
};

/** `io.debezium.connector.jdbc.JdbcSinkConnector` for PostgreSQL: the same writer with Debezium's keys. */
export const debeziumJdbcSink: SinkConnector<DebeziumConfig> = {
  kind: 'sink',
  config: debeziumConfig,
  task: () => new JdbcSinkTask(debeziumSettings),
  alterOffsets: (config, writer, positions, context) =>
    alterOffsets(debeziumSettings(config), writer, positions, context),
  fence: (config, writer, context) => fence(debeziumSettings(config), writer, context),
};
