/** The two connectors of the demo: the JSON for POST /connectors. */

const schemas = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

export const topic = 'shop.public.orders';

export function sourceConnector(url: string) {
  const { hostname, port, username, password } = new URL(url);
  return {
    name: 'shop-source',
    config: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': hostname,
      'database.port': port,
      'database.user': username,
      'database.password': password || 'unused',
      'database.dbname': 'shop',
      'plugin.name': 'pgoutput',
      'publication.autocreate.mode': 'filtered',
      'topic.prefix': 'shop',
      'table.include.list': 'public.orders',
      ...schemas,
    },
  };
}

export function sinkConnector(url: string) {
  const { hostname, port, username, password } = new URL(url);
  return {
    name: 'warehouse-sink',
    config: {
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.url': `jdbc:postgresql://${hostname}:${port}/warehouse`,
      'connection.user': username,
      'connection.password': password || 'unused',
      topics: topic,
      'table.name.format': 'orders',
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'delete.enabled': 'true',
      'auto.create': 'true',
      ...schemas,
    },
  };
}
