import type { SourceTask, SourceTaskContext } from '../../api/index.ts';
import type { TransactionalProducer } from '../../kafka/port.ts';
import { closeAfter, untilAborted, untilGraceEnds } from '../grace.ts';
import { RecordAppender } from './record-appender.ts';
import { runSourceLoop } from './source-loop.ts';
import type { SourceRun } from './source-run.ts';
import { TransactionCommitter } from './transaction-committer.ts';

/**
 * Runs one source task until `signal` aborts, it has caught up (if `untilCaughtUp`), or an error occurs. Closes all that it
 * opened and rejects with the first error.
 *
 * Exactly once (KIP-618):
 * 1. The producer fences earlier attempts.
 * 2. The committed position is loaded, and the source is opened there.
 * 3. Each Kafka transaction contains whole source batches and the position after them.
 * 4. After the commit the batches are acknowledged to the source, which may then discard them.
 *
 * While one transaction is being committed, the next one is filled.
 */
export async function runSource<C>(run: SourceRun<C>): Promise<void> {
  const { signal } = run;
  const producer = await run.kafka.producer({ ...run.producer, positionTopics: [run.offsets.topic], signal });
  await closeAfter(producer, async () => {
    const task = run.source.task();
    await closeAfter(task, () => runTask(run, producer, task));
  });
}

async function runTask<C>(run: SourceRun<C>, producer: TransactionalProducer, task: SourceTask<C>): Promise<void> {
  const { connector, log, signal, offsets, limits, observer } = run;
  const positions = await untilAborted(signal, offsets.load(connector, { signal }));
  await untilAborted(signal, producer.prepare([offsets.topic]));
  const committer = new TransactionCommitter(run, producer);
  const context: SourceTaskContext = {
    connector,
    task: run.task,
    log,
    signal,
    positions,
    maxBatchBytes: limits.batchBytes,
    untilCommit: () => committer.commitInterval,
    report: figures => observer.figures(figures),
  };
  await untilGraceEnds('open', signal, task.open(run.config, context));
  await runSourceLoop(run, task, new RecordAppender(run, producer, task), committer);
}
