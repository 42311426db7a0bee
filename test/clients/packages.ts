/**
 * Unmodified clients of Kafka Connect's REST API with their dependencies. Each has its own folder: two of them contain
 * a module `kafka_connect`, and one requires an old version of requests.
 */
export const pythonClients = {
  'kafka-connect-api': [
    ...['kafka-connect-api==0.5.10', 'requests==2.34.2', 'certifi==2026.10.19.post1', 'charset-normalizer==3.5.3'],
    ...['idna==3.20', 'urllib3==2.8.0'],
    // Required by its handlers for AWS Lambda.
    ...['jsonschema==4.26.0', 'jsonschema-specifications==2025.9.1', 'referencing==0.37.0', 'rpds-py==2026.9.1'],
    ...['attrs==26.1.0', 'typing-extensions==4.16.0'],
  ],
  'kafka-connect-cli': [
    // The metadata also requires twine and wheel, which it does not import.
    ...['kafka-connect-cli==0.2.5', 'requests==2.27.1', 'urllib3==1.26.9', 'charset-normalizer==2.0.12'],
    ...['certifi==2026.10.19.post1', 'idna==3.20'],
    // cgi, which it imports, was removed from Python in 3.13.
    "legacy-cgi==2.6.4; python_version >= '3.13'",
  ],
  'kafka-connect-healthcheck': [
    ...['kafka-connect-healthcheck==0.3.0', 'requests==2.34.2', 'certifi==2026.10.19.post1'],
    ...['charset-normalizer==3.5.3', 'idna==3.20', 'urllib3==2.8.0'],
  ],
  'kafka-connect-manager': [
    ...['kafka-connect-manager==0.5.1', 'httpx==0.23.3', 'httpcore==0.16.3', 'h11==0.14.0', 'anyio==4.16.0'],
    ...['sniffio==1.3.1', 'rfc3986==1.5.0', 'idna==3.20', 'certifi==2026.10.19.post1', 'typing-extensions==4.16.0'],
    ...['typer==0.6.1', 'click==8.1.8', 'rich==12.6.0', 'commonmark==0.9.1', 'Pygments==2.21.0', 'shellingham==1.5.4'],
    'colorama==0.4.6',
  ],
  'kafka-connect-py': [
    ...['kafka-connect-py==1.0.0', 'click==8.5.1', 'requests==2.34.2', 'certifi==2026.10.19.post1'],
    ...['charset-normalizer==3.5.3', 'idna==3.20', 'urllib3==2.8.0'],
  ],
  kafkaconnect: [
    // It imports click, requests and confluent-kafka, which its metadata does not list.
    ...['kafkaconnect==1.3.1', 'click==8.5.1', 'requests==2.34.2', 'confluent-kafka==2.16.1'],
    ...['certifi==2026.10.19.post1', 'charset-normalizer==3.5.3', 'idna==3.20', 'urllib3==2.8.0'],
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type PythonClient = keyof typeof pythonClients;

export const javaClient = { group: 'org.sourcelab', artifact: 'kafka-connect-client', version: '4.0.5' };
