import type { Log } from '../../api/component.ts';
import { Redaction } from '../../config/secrets/redaction.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import type { KafkaClient } from '../port.ts';
import { kafkaClient } from './client.ts';

export interface Lease extends Disposable {
  readonly client: KafkaClient;
}

/** Pool of Kafka clients by their settings. */
export interface ClientPool {
  /** Returns the client with these settings, which its users share; it is closed when the last lease is disposed. */
  acquire(config: KafkaConfig): Lease;
  /** See KafkaClient. */
  disconnect(): void;
}

interface SharedClient {
  readonly client: KafkaClient;
  users: number;
}

/** worker: the worker's client and its settings; the pool never closes it. */
export function clientPool(
  worker: { readonly config: KafkaConfig; readonly client: KafkaClient },
  log: Log,
): ClientPool {
  const workerKey = keyOf(worker.config);
  const others = new Map<string, SharedClient>();
  return {
    acquire(config) {
      const key = keyOf(config);
      if (key === workerKey) return { client: worker.client, [Symbol.dispose]() {} };
      const shared = others.get(key) ?? { client: kafkaClient(config, withoutSecrets(config, log)), users: 0 };
      others.set(key, shared);
      shared.users++;
      let isLeased = true;
      return {
        client: shared.client,
        [Symbol.dispose]() {
          if (!isLeased) return;
          isLeased = false;
          if (--shared.users > 0) return;
          others.delete(key);
          void shared.client.close();
        },
      };
    },
    disconnect() {
      worker.client.disconnect();
      for (const { client } of others.values()) client.disconnect();
    },
  };
}

/** Functions are replaced by a constant: a function in the settings is an option that is on or off. */
const keyOf = (config: KafkaConfig): string =>
  JSON.stringify(config, (_name, value) => (typeof value === 'function' ? 'function' : value));

function withoutSecrets({ sasl, ssl }: KafkaConfig, log: Log): Log {
  const secrets = [sasl?.password, ssl?.passphrase, ssl?.key].filter(secret => secret !== undefined);
  return new Redaction(secrets).log(log);
}
