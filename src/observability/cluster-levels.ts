import type { Log } from '../api/component.ts';
import { messageOf } from '../errors.ts';
import { type Level, type Loggers, levelOf } from './loggers.ts';

/** Log levels for all workers of a cluster (KIP-976). */
export interface ClusterLevels {
  /** Resolves when it is written; each worker takes it as soon as it reads it. KAFKA_UNAVAILABLE. */
  set(logger: string, level: Level): Promise<void>;
  /** Hears of nothing any more. */
  close(): void;
}

/** Where the workers of a cluster write what all of them read: `config.storage.topic`. */
interface Notices {
  write(entries: readonly (readonly [key: string, value: string])[]): Promise<void>;
  /** Hears of what is written from now on, until the signal aborts. Never rejects. */
  follow(
    take: (key: string, value: string | null) => void,
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ): Promise<void>;
}

/** As Kafka Connect calls them in its config topic. */
const PREFIX = 'logger-cluster-';

/**
 * Follows what is set for the whole cluster, where Kafka Connect keeps it. A worker that starts later
 * begins with the levels of its own, as there.
 */
export function clusterLevels(topic: Notices, cluster: string, loggers: Loggers, log: Log): ClusterLevels {
  const leaving = new AbortController();
  void topic.follow(
    (key, value) => {
      if (!key.startsWith(PREFIX) || value === null) return;
      const level = levelIn(value, cluster);
      if (level !== undefined) loggers.follow(key.slice(PREFIX.length), level);
    },
    leaving.signal,
    error => log.warn({ reason: messageOf(error) }, 'levels of the cluster are not followed for now'),
  );
  return {
    async set(logger, level) {
      await topic.write([[PREFIX + logger, JSON.stringify({ level, cluster })]]);
      // Here at once, for who looks next; in the order of the topic when it is read.
      loggers.set(logger, level);
    },
    close: () => leaving.abort(),
  };
}

/** undefined for what is of another cluster in the same topic, or no level. */
function levelIn(value: string, cluster: string): Level | undefined {
  try {
    const read = JSON.parse(value) as { level?: unknown; cluster?: unknown };
    if (read.cluster !== undefined && read.cluster !== cluster) return undefined;
    return typeof read.level === 'string' ? levelOf(read.level) : undefined;
  } catch {
    return undefined;
  }
}
