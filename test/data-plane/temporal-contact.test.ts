import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CurrentAttempt, monotonicMs, TemporalContact } from '../../src/data-plane/temporal-contact.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['hrtime'] }));
afterEach(() => void vi.useRealTimers());

function attempt() {
  const contact = new TemporalContact();
  const controller = new AbortController();
  const requestConfirmation = vi.fn();
  return {
    contact,
    controller,
    requestConfirmation,
    current: new CurrentAttempt(contact, requestConfirmation, controller.signal),
  };
}

test('no confirmation is requested while Temporal responds', () => {
  const { contact, requestConfirmation, current } = attempt();
  for (let second = 0; second < 10; second++) {
    vi.advanceTimersByTime(1000);
    contact.update(monotonicMs(), 0);
    expect(current.confirm()).toBeUndefined();
  }
  expect(requestConfirmation).not.toHaveBeenCalled();
});

test('without a response for two seconds, one confirmation is requested and writes wait for it', async () => {
  const { requestConfirmation, current } = attempt();
  vi.advanceTimersByTime(2001);
  const [first, second] = [current.confirm(), current.confirm()];
  expect(first).toBeInstanceOf(Promise);
  expect(second).toBe(first);
  expect(requestConfirmation).toHaveBeenCalledTimes(1);
  current.onConfirmed(monotonicMs(), 0);
  await first;
  expect(current.confirm()).toBeUndefined();
  vi.advanceTimersByTime(2001);
  expect(current.confirm()).toBeInstanceOf(Promise);
});

test('a confirmation is requested after an interruption of the process, even if the contact is recent', async () => {
  const { contact, requestConfirmation, current } = attempt();
  contact.update(monotonicMs(), 1);
  const confirming = current.confirm();
  expect(requestConfirmation).toHaveBeenCalledTimes(1);
  current.onConfirmed(monotonicMs(), 1);
  await confirming;
  expect(current.confirm()).toBeUndefined();
});

test('a response to a request from before a freeze does not count', () => {
  const { contact, current } = attempt();
  const before = monotonicMs();
  vi.advanceTimersByTime(10_000);
  contact.update(before, 0);
  expect(current.confirm()).toBeInstanceOf(Promise);
  current.onConfirmed(monotonicMs(), 0);
});

test('writes are rejected if the attempt is cancelled while a confirmation is requested', async () => {
  const { controller, current } = attempt();
  vi.advanceTimersByTime(5000);
  const confirming = current.confirm();
  controller.abort(new Error('cancelled'));
  await expect(confirming).rejects.toMatchObject({ code: 'FENCED' });
  await expect(current.confirm()).rejects.toMatchObject({ code: 'FENCED' });
});
