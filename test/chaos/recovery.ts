import { eventually } from '../support/eventually.ts';
import { connectors, type TestCluster } from './test-cluster.ts';

export interface RecoveryLimits {
  /** Milliseconds until all tasks are RUNNING. */
  readonly runningMs: number;
  /** Milliseconds from then until the current source events have arrived. */
  readonly arrivedMs: number;
}

/** Waits until the pipeline works again without intervention, and prints the time. Rejects after the limits. */
export async function recovery(cluster: TestCluster, { runningMs, arrivedMs }: RecoveryLimits): Promise<void> {
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(1);
  await Promise.all(connectors.map(role => running(cluster, role, runningMs)));
  console.log(`all tasks are RUNNING after ${seconds()} s`);
  const events = await cluster.sourceEvents();
  await eventually(`${events} events have arrived`, async () => (await cluster.targetEvents()) >= events, {
    within: arrivedMs,
    every: 250,
  });
  console.log(`${events} events have arrived after ${seconds()} s`);
  // Status still shows RUNNING until an attempt times out.
  await Promise.all(connectors.map(role => running(cluster, role, runningMs)));
}

const running = (cluster: TestCluster, role: (typeof connectors)[number], within: number) =>
  eventually(`${role} is RUNNING`, async () => (await cluster.status(role)).tasks[0]?.state === 'RUNNING', {
    within,
    every: 200,
  });
