import type { Log } from '../../api/component.ts';
import { Redaction } from '../../config/secrets/redaction.ts';
import type { KafkaConfig } from '../kafka-config.ts';
import type { KafkaClient } from '../port.ts';
import { kafkaClient } from './client.ts';

export interface Lease extends Disposable {
  readonly client: KafkaClient;
}

/** Kafka clients by their settings. */
export interface ClientPool {
  /** The client with these settings, shared by all who take it at the same time; closed when the last one disposes of it. */
  take(config: KafkaConfig): Lease;
  /** See KafkaClient. */
  disconnect(): void;
}

interface Shared {
  readonly client: KafkaClient;
  users: number;
}

/** own: the worker's client and its settings; it is never closed here. */
export function clientPool(own: { readonly config: KafkaConfig; readonly client: KafkaClient }, log: Log): ClientPool {
  const ownKey = keyOf(own.config);
  const others = new Map<string, Shared>();
  return {
    take(config) {
      const key = keyOf(config);
      if (key === ownKey) return { client: own.client, [Symbol.dispose]() {} };
      const shared = others.get(key) ?? { client: kafkaClient(config, withoutSecrets(config, log)), users: 0 };
      others.set(key, shared);
      shared.users++;
      let held = true;
      return {
        client: shared.client,
        [Symbol.dispose]() {
          if (!held) return;
          held = false;
          if (--shared.users > 0) return;
          others.delete(key);
          void shared.client.close();
        },
      };
    },
    disconnect() {
      own.client.disconnect();
      for (const { client } of others.values()) client.disconnect();
    },
  };
}

/** A function in the settings stands for an option that is on or off. */
const keyOf = (config: KafkaConfig): string =>
  JSON.stringify(config, (_name, value) => (typeof value === 'function' ? 'function' : value));

function withoutSecrets({ sasl, ssl }: KafkaConfig, log: Log): Log {
  const secrets = [sasl?.password, ssl?.passphrase, ssl?.key].filter(secret => secret !== undefined);
  return new Redaction(secrets).log(log);
}
