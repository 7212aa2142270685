import { describe, expect, test } from 'vitest';
import { review as makeReview } from '../../test/support/subjects.ts';
import { description, requester, target } from '../../test/support/policy.ts';
import type { Judgement } from '../connectors/connector.ts';
import type { Decision } from '../core/decide.ts';
import { CALM, type Situation } from '../core/situation.ts';
import type { PolicyRequest } from '../ports.ts';
import type { Watch } from '../ports-history.ts';
import { Judging } from './judging.ts';
import type { DraftPolicies } from './observing.ts';

const NOW = Date.UTC(2026, 10, 21);
const held = makeReview();
const allow: Decision = { effect: 'allow', policies: [], reasons: [] };
const review: Decision = { effect: 'review', policies: ['ask'], reasons: [], demands: held.subject.demands };
const deny: Decision = { effect: 'deny', code: 'policy.forbidden', policies: [], reasons: [] };
const burst: Situation = { ...CALM, burstOver: 600 };

/** A gate whose policy holds bursts, where it reads risk at all. */
interface Given {
  readonly readsRisk: boolean;
  readonly otherwise?: Decision;
  readonly drafts?: DraftPolicies;
}

function judging({ readsRisk, otherwise = allow, drafts }: Given) {
  const calls: string[] = [];
  const state = { situation: CALM };
  const watch: Watch = {
    seen: () => void calls.push('seen'),
    situation: () => {
      calls.push('situation');
      return state.situation;
    },
    mayRun: () => void calls.push('mayRun'),
    done: () => void calls.push('done'),
  };
  const policy = {
    version: '1',
    readsRisk,
    decide: ({ risk }: PolicyRequest): Decision =>
      readsRisk && risk.signals.some(({ name }) => name === 'burst') ? review : otherwise,
    mayApprove: () => false,
    mayCall: () => false,
  };
  const classifier = { classify: () => NO_DATA };
  const history = { watch: () => watch };
  const ports = { policy, classifier, history, ...(drafts === undefined ? {} : { drafts }) };
  return { judging: new Judging(ports), calls, state };
}
const NO_DATA = [] as const;
const attempt = { requester, target, description };

describe('the moment', () => {
  test('is not looked at for what policy allows, where no policy reads risk', () => {
    const { judging: of, calls } = judging({ readsRisk: false });
    const shape = of.at(attempt, NOW);
    expect(of.at(attempt, NOW)).toBe(shape);
    expect(calls).toEqual(['seen', 'mayRun', 'seen', 'mayRun']);
  });

  test('is on the card of what is held, though no policy reads it', () => {
    const { judging: of, state } = judging({ readsRisk: false, otherwise: review });
    state.situation = burst;
    const { circumstances } = of.at(attempt, NOW);
    expect(circumstances.decision).toBe(review);
    expect(circumstances.risk).toMatchObject({ score: 15, signals: [{ name: 'burst' }] });
  });

  test('decides where a policy reads it, and no longer than it lasts', () => {
    const { judging: of, state } = judging({ readsRisk: true });
    const calm = of.at(attempt, NOW);
    state.situation = burst;
    const here = of.at(attempt, NOW);
    expect(here.circumstances.decision.effect).toBe('review');
    expect(of.at(attempt, NOW)).toBe(here);
    state.situation = CALM;
    expect(of.at(attempt, NOW)).toBe(calm);
  });

  test('is looked at for a draft that reads it, and decides nothing', () => {
    const draft = {
      version: 'd1',
      readsRisk: true,
      decide: ({ risk }: PolicyRequest): Decision => (risk.signals.length > 0 ? review : allow),
    };
    const { judging: of, state } = judging({ readsRisk: false, drafts: { of: () => draft } });
    state.situation = burst;
    const { circumstances } = of.at(attempt, NOW);
    expect(circumstances.decision.effect).toBe('allow');
    expect(circumstances.observed).toMatchObject({ draft: 'd1', effect: 'review' });
  });

  test('of a judgement stays with it: the record says what was decided on', () => {
    const { judging: of, state } = judging({ readsRisk: true });
    state.situation = burst;
    const here = of.at(attempt, NOW);
    state.situation = CALM;
    const { risk } = here.circumstances;
    const judgement = { action: { requester, target }, description, risk } as Judgement;
    expect(of.of(judgement)).toBe(here);
    expect(of.of(judgement).members.afterKind).toContain('"signals":["burst"]');
  });

  test('of what is denied leaves no trace: it read nothing', () => {
    const { judging: of, calls } = judging({ readsRisk: true, otherwise: deny });
    of.at(attempt, NOW);
    expect(calls).toEqual(['seen', 'situation']);
  });
});
