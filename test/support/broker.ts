import { type OwnServer, startKafka } from '../../src/stack/index.ts';

/** A Kafka of the test's own, to be killed and restarted: `await using broker = await startBroker()`. */
export const startBroker = (): Promise<OwnServer> => startKafka();
