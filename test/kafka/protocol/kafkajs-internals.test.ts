import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import * as internals from '../../../src/kafka/protocol/kafkajs-internals.ts';

const require = createRequire(import.meta.url);

// Millrace imports files of kafkajs that are not its public API; another version may move or change them. To change the version,
// run the contract suite, read the changes in kafkajs/src/protocol, and change this line.
test('the version of kafkajs is the one whose internal modules were reviewed', () => {
  expect(require('kafkajs/package.json').version).toBe('2.2.4');
});

test('each API of kafkajs is used in the version that the check on connecting requires', () => {
  const identity = { transactionalId: 't', producerId: '1', producerEpoch: 0 };
  const exchanges = {
    ApiVersions: internals.apiVersions({}),
    Metadata: internals.metadata({ topics: [], allowAutoTopicCreation: false }),
    FindCoordinator: internals.findCoordinator({ groupId: 'g', coordinatorType: 0 }),
    InitProducerId: internals.initProducerId({ transactionalId: 't', transactionTimeout: 1 }),
    AddPartitionsToTxn: internals.addPartitionsToTxn({ ...identity, topics: [] }),
    AddOffsetsToTxn: internals.addOffsetsToTxn({ ...identity, groupId: 'g' }),
    TxnOffsetCommit: internals.txnOffsetCommit({ ...identity, groupId: 'g', topics: [] }),
    EndTxn: internals.endTxn({ ...identity, transactionResult: true }),
    OffsetCommit: internals.offsetCommit({ groupId: 'g', groupGenerationId: -1, memberId: '', topics: [] }),
    OffsetFetch: internals.offsetFetch({ groupId: 'g', topics: [] }),
    ListOffsets: internals.listOffsets({ replicaId: -1, isolationLevel: 1, topics: [] }),
    CreateTopics: internals.createTopics({ topics: [], timeout: 1 }),
    DeleteTopics: internals.deleteTopics({ topics: [], timeout: 1 }),
    DescribeConfigs: internals.describeConfigs({ resources: [], includeSynonyms: false }),
  };
  const { Produce, Fetch, OffsetDelete, ...rest } = internals.apis;
  expect(Produce).toEqual([0, 8]);
  expect(Fetch).toEqual([1, 11]);
  expect(OffsetDelete).toEqual([47, 0]);
  expect(
    Object.fromEntries(
      Object.entries(exchanges).map(([name, { request }]) => [name, [request.apiKey, request.apiVersion]]),
    ),
  ).toEqual(rest);
});

test('clusterMetadata requests no topics, whereas kafkajs would request all', async () => {
  const { buffer } = await internals.clusterMetadata().request.encode();
  expect([...buffer]).toEqual([0, 0, 0, 0, 0]);
});
