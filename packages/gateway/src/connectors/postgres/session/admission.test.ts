import { describe, expect, it } from 'vitest';
import type { Approval, Gate, Judgement } from '../../connector.ts';
import { refusal, type Refusal } from '../../../core/reasons.ts';
import { err, ok, type Result } from '../../../core/result.ts';
import type { Clock } from '../../../ports.ts';
import { Admission, type Candidate } from './admission.ts';

const clock = { monotonicMs: () => 0 } as Clock;
const judgement = { decision: { effect: 'review' } } as Judgement;
const candidate = {} as Candidate;

/** A message of statements that each need a person, whose waits end as given; returns what happened, in order. */
async function admit(settlements: readonly Result<Approval, Refusal>[]): Promise<readonly string[]> {
  const happened: string[] = [];
  let waiting = 0;
  const gate = {
    judge: () => judgement,
    hold: async () => ok({ standing: null, withdraw: () => undefined, detach: () => undefined }),
    authorizeApproved: async () => {
      happened.push('authorize');
      return ok({});
    },
  } as unknown as Gate;
  const candidates = settlements.map(() => candidate);
  await new Admission(gate, clock).admit({
    candidates,
    again: () => ok(candidates),
    objection: async () => null,
    estimates: async () => [],
    holding: async () => [],
    wait: async () => {
      const settled = settlements[waiting++] ?? err(refusal('review.expired', {}));
      happened.push(settled.ok ? 'approved' : 'refused');
      return settled;
    },
    prepare: () => void happened.push('prepare'),
    leave: () => undefined,
  });
  return happened;
}

const approved = ok({ review: 'rev_1', grant: 'gra_1' } as unknown as Approval);
const rejected = err(refusal('review.rejected', {}));

describe('the connection to the target', () => {
  it('is opened when everything is approved, while the approvals are looked at once more', async () => {
    expect(await admit([approved, approved])).toEqual([
      'approved',
      'approved',
      'prepare',
      'authorize',
      'authorize',
    ]);
  });

  it('is not opened for a message of which a person rejected a part', async () => {
    expect(await admit([approved, rejected])).toEqual(['approved', 'refused']);
  });
});

describe('of a message whose statements were all approved', () => {
  /** Holds that were let go, by their place, where the statement at `refusedAt` is refused when it is looked at once more. */
  async function letGo(refusedAt: number | null): Promise<readonly number[]> {
    const detached: number[] = [];
    let held = 0;
    let authorized = 0;
    const gate = {
      judge: () => judgement,
      hold: async () => {
        const at = held++;
        return ok({ standing: null, withdraw: () => undefined, detach: () => void detached.push(at) });
      },
      authorizeApproved: async () =>
        authorized++ === refusedAt ? err(refusal('review.changed', {})) : ok({}),
      record: () => undefined,
    } as unknown as Gate;
    const candidates = [candidate, candidate, candidate];
    await new Admission(gate, clock).admit({
      candidates,
      again: () => (refusedAt === null ? err(refusal('target.unavailable', {})) : ok(candidates)),
      objection: async () => null,
      estimates: async () => [],
      holding: async () => [],
      wait: async () => approved,
      prepare: () => undefined,
      leave: () => undefined,
    });
    return detached;
  }

  it('the approvals behind one that no longer holds are free for the same bytes again', async () => {
    expect(await letGo(0)).toEqual([1, 2]);
    expect(await letGo(1)).toEqual([2]);
  });

  it('all are free again where the bytes can’t be looked at once more', async () => {
    expect(await letGo(null)).toEqual([0, 1, 2]);
  });

  it('none is let go that was used', async () => {
    expect(await letGo(3)).toEqual([]);
  });
});
