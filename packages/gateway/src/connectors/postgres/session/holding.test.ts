import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../../../../test/support/fake-clock.ts';
import { limits } from '../../../limits.ts';
import type { Hold } from '../../connector.ts';
import type { CatalogWatcher } from '../catalog/index.ts';
import { Holding } from './holding.ts';

/** A client's session, of which the review is opened only after the client has done something. */
function session() {
  const happened: string[] = [];
  const hold = {
    review: 'rev_1',
    url: '',
    unmeetable: '',
    settled: new Promise<never>(() => undefined),
    onQuestion: () => undefined,
    withdraw: () => void happened.push('withdrawn'),
    detach: () => void happened.push('detached'),
  } as unknown as Hold;
  const options = { clock: createFakeClock(), limits, notify: () => undefined };
  const holding = new Holding({ ...options, catalog: {} as CatalogWatcher });
  holding.begin();
  return { holding, happened, hold };
}

describe('a client that ends a statement before its review is open', () => {
  it('and is gone: nobody spends an approval on it, which stays for the same bytes', async () => {
    const { holding, happened, hold } = session();
    holding.abandon();
    expect(await holding.wait(hold, false)).toMatchObject({ ok: false, error: { code: 'review.withdrawn' } });
    expect(happened).toEqual(['detached']);
  });

  it('and cancels it: the review is withdrawn', async () => {
    const { holding, happened, hold } = session();
    holding.cancel();
    expect(await holding.wait(hold, false)).toMatchObject({ ok: false, error: { code: 'review.withdrawn' } });
    expect(happened).toEqual(['withdrawn']);
  });
});

it('a cancellation of one message does not end the next one', async () => {
  const { holding, happened, hold } = session();
  holding.cancel();
  holding.begin();
  const waiting = holding.wait(hold, false);
  await Promise.resolve();
  expect(happened).toEqual([]);
  holding.abandon();
  await waiting;
  expect(happened).toEqual(['detached']);
});
