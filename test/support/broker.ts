import { type ManagedServer, startKafka } from '../../src/stack/index.ts';

/** A Kafka broker for one test, which may be killed and restarted: `await using broker = await startBroker()`. */
export const startBroker = (): Promise<ManagedServer> => startKafka();
