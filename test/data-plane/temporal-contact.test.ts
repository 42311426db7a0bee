import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CurrentAttempt, monotonicMs, TemporalContact } from '../../src/data-plane/temporal-contact.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['hrtime'] }));
afterEach(() => void vi.useRealTimers());

function attempt() {
  const contact = new TemporalContact();
  const controller = new AbortController();
  const prove = vi.fn();
  return { contact, controller, prove, current: new CurrentAttempt(contact, prove, controller.signal) };
}

test('while Temporal answers, nothing is asked', () => {
  const { contact, prove, current } = attempt();
  for (let second = 0; second < 10; second++) {
    vi.advanceTimersByTime(1000);
    contact.update(monotonicMs(), 0);
    expect(current.confirm()).toBeUndefined();
  }
  expect(prove).not.toHaveBeenCalled();
});

test('without an answer for more than two seconds it asks once, and writes when it is proven', async () => {
  const { prove, current } = attempt();
  vi.advanceTimersByTime(2001);
  const [first, second] = [current.confirm(), current.confirm()];
  expect(first).toBeInstanceOf(Promise);
  expect(second).toBe(first);
  expect(prove).toHaveBeenCalledTimes(1);
  current.proven(monotonicMs(), 0);
  await first;
  expect(current.confirm()).toBeUndefined();
  vi.advanceTimersByTime(2001);
  expect(current.confirm()).toBeInstanceOf(Promise);
});

test('after an interruption of the process it asks, however recent the contact is', async () => {
  const { contact, prove, current } = attempt();
  contact.update(monotonicMs(), 1);
  const confirming = current.confirm();
  expect(prove).toHaveBeenCalledTimes(1);
  current.proven(monotonicMs(), 1);
  await confirming;
  expect(current.confirm()).toBeUndefined();
});

test('an answer to a request from before a freeze is no contact', () => {
  const { contact, current } = attempt();
  const before = monotonicMs();
  vi.advanceTimersByTime(10_000);
  contact.update(before, 0);
  expect(current.confirm()).toBeInstanceOf(Promise);
  current.proven(monotonicMs(), 0);
});

test('an attempt that is cancelled while it asks does not write', async () => {
  const { controller, current } = attempt();
  vi.advanceTimersByTime(5000);
  const confirming = current.confirm();
  controller.abort(new Error('cancelled'));
  await expect(confirming).rejects.toMatchObject({ code: 'FENCED' });
  await expect(current.confirm()).rejects.toMatchObject({ code: 'FENCED' });
});
