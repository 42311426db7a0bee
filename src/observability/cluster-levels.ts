import type { Log } from '../api/component.ts';
import { messageOf } from '../errors.ts';
import { type Level, type Loggers, levelOf } from './loggers.ts';

/** Log levels of all workers of a cluster (KIP-976). */
export interface ClusterLevels {
  /** Resolves when the level is written; each worker applies it when it reads it. KAFKA_UNAVAILABLE. */
  set(logger: string, level: Level): Promise<void>;
  /** Unsubscribes. */
  close(): void;
}

/** The topic that all workers of a cluster read: `config.storage.topic`. */
interface LevelTopic {
  write(entries: readonly (readonly [key: string, value: string])[]): Promise<void>;
  /** Reads records that are written from now on, until the signal aborts. Never rejects. */
  follow(
    onRecord: (key: string, value: string | null) => void,
    signal: AbortSignal,
    onError: (error: unknown) => void,
  ): Promise<void>;
}

/** Key prefix in Kafka Connect's config topic. */
const PREFIX = 'logger-cluster-';

/**
 * Sets levels for the whole cluster and applies those that other workers set, in Kafka Connect's config topic. A worker that starts
 * later has its own levels, as in Kafka Connect.
 */
export function clusterLevels(topic: LevelTopic, cluster: string, loggers: Loggers, log: Log): ClusterLevels {
  const stop = new AbortController();
  void topic.follow(
    (key, value) => {
      if (!key.startsWith(PREFIX) || value === null) return;
      const level = parseLevel(value, cluster);
      if (level !== undefined) loggers.follow(key.slice(PREFIX.length), level);
    },
    stop.signal,
    error => log.warn({ reason: messageOf(error) }, 'cannot read log levels of the cluster; retrying'),
  );
  return {
    async set(logger, level) {
      await topic.write([[PREFIX + logger, JSON.stringify({ level, cluster })]]);
      // Applied at once, so that the next request sees it, and again in the order of the topic.
      loggers.set(logger, level);
    },
    close: () => stop.abort(),
  };
}

/** undefined for a record of another cluster in the same topic, or of another format. */
function parseLevel(value: string, cluster: string): Level | undefined {
  try {
    const parsed = JSON.parse(value) as { level?: unknown; cluster?: unknown };
    if (parsed.cluster !== undefined && parsed.cluster !== cluster) return undefined;
    return typeof parsed.level === 'string' ? levelOf(parsed.level) : undefined;
  } catch {
    return undefined;
  }
}
