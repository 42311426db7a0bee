/** Loggers of Millrace and the Java packages of Kafka Connect, Debezium and others with the same subject. */
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

/** Loggers for a Java class or package: the logger of the nearest package that contains it, and those of all packages in it. */
export function loggersForJavaName(name: string): readonly string[] {
  const isBelow = (name: string, parent: string) => name === parent || name.startsWith(`${parent}.`);
  const [nearest] = javaNames.filter(([, java]) => isBelow(name, java)).sort(([, a], [, b]) => b.length - a.length);
  const below = javaNames.filter(([, java]) => isBelow(java, name));
  return [...new Set([...(nearest ? [nearest] : []), ...below].map(([logger]) => logger))];
}
