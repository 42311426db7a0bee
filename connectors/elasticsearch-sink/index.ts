import type { SinkConnector } from '../../src/api/index.ts';
import { type ElasticsearchConfig, elasticsearchConfig } from './config/keys.ts';
import { ElasticsearchSinkTask } from './task.ts';

/**
 * `io.confluent.connect.elasticsearch.ElasticsearchSinkConnector` for Elasticsearch 7 and later and OpenSearch. Idempotent:
 * versions of documents are Kafka offsets.
 */
export const connector: SinkConnector<ElasticsearchConfig> = {
  kind: 'sink',
  config: elasticsearchConfig,
  task: () => new ElasticsearchSinkTask(),
};
