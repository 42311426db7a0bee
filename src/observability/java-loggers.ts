/** By logger of Millrace, the loggers of Kafka Connect's and Debezium's Java classes that say of the same work. */
const javaNames: readonly (readonly [logger: string, java: string])[] = [
  ['rest', 'org.apache.kafka.connect.runtime.rest'],
  ['rest', 'org.eclipse.jetty'],
  ['rest', 'org.glassfish.jersey'],
  ['plugins', 'org.apache.kafka.connect.runtime.isolation'],
  ['plugins', 'org.reflections'],
  ['worker', 'org.apache.kafka.connect.cli'],
  ['worker', 'org.apache.kafka.connect.runtime.distributed'],
  ['worker', 'org.apache.kafka.connect.runtime.standalone'],
  ['worker', 'org.apache.kafka.connect.runtime.Connect'],
  ['worker', 'org.apache.kafka.connect.runtime.Worker'],
  ['worker', 'org.apache.kafka.connect.storage'],
  ['kafka', 'org.apache.kafka.clients'],
  ['kafka', 'org.apache.kafka.common'],
  ['task', 'org.apache.kafka.connect'],
  ['task', 'io.debezium'],
  ['task', 'io.confluent.connect'],
  ['task', 'io.aiven'],
];

/** The loggers that a Java class or package stands for: the nearest one at or above it, and all below it. */
export function loggersOfJava(name: string): readonly string[] {
  const isBelow = (one: string, other: string) => one === other || one.startsWith(`${other}.`);
  const [nearest] = javaNames.filter(([, java]) => isBelow(name, java)).sort(([, a], [, b]) => b.length - a.length);
  const below = javaNames.filter(([, java]) => isBelow(java, name));
  return [...new Set([...(nearest ? [nearest] : []), ...below].map(([logger]) => logger))];
}
