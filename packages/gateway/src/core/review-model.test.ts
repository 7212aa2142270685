/**
 * The state machine of reviews against a model of it that is written another way: the model keeps who stands for what
 * in plain sets, and says after each command what the review must be.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agent, demand, DIGEST, electorate, person, RENDERING, review } from '../../test/support/subjects.ts';
import type { Person } from './identity.ts';
import { standingVotes, type Review } from './review.ts';
import {
  answerQuestion,
  askQuestion,
  castVote,
  expire,
  retractVote,
  supersede,
  withdraw,
} from './transitions.ts';

/** Two groups, a second account of one person, and a party. */
const people: readonly Person[] = [
  person('sam', ['stewards']),
  person('kim', ['stewards', 'owners']),
  { ...person('kim-admin', ['owners']), identity: 'kim' },
  person('pia', ['owners']),
  person('ana', ['stewards', 'owners']),
];
const everybody = electorate(people);
const demandsOf = (stewards: number, owners: number) => [
  demand({ quorum: stewards }),
  demand({ policy: 'owners', approvers: [{ kind: 'group', name: 'owners' }], quorum: owners, rejections: 2 }),
];
/** Who may count for what, by identity and account, worked out by hand. */
const seats = { stewards: ['sam', 'kim'], owners: ['kim', 'kim-admin', 'pia'] };

interface Model {
  readonly need: { readonly stewards: number; readonly owners: number };
  /** Account by identity, of those who approve and those who reject. */
  readonly approving: Map<string, string>;
  readonly rejecting: Map<string, string>;
  questions: number;
  answered: number;
  revision: number;
  status: Review['state']['status'];
}

interface Real {
  review: Review;
  nowMs: number;
}

const identityOf = (name: string): string => (name === 'kim-admin' ? 'kim' : name);
const counted = (votes: ReadonlyMap<string, string>, names: readonly string[]): number =>
  [...votes.values()].filter((name) => names.includes(name)).length;

function resolve(model: Model): void {
  const rejected =
    counted(model.rejecting, seats.stewards) >= 1 || counted(model.rejecting, seats.owners) >= 2;
  const approved =
    counted(model.approving, seats.stewards) >= model.need.stewards &&
    counted(model.approving, seats.owners) >= model.need.owners;
  if (rejected) model.status = 'rejected';
  else if (approved) model.status = 'approved';
}

class Vote implements fc.Command<Model, Real> {
  readonly who: Person;
  readonly kind: 'approve' | 'reject';
  constructor(who: Person, kind: 'approve' | 'reject') {
    this.who = who;
    this.kind = kind;
  }
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    const { name, identity } = this.who;
    const vote = {
      person: name,
      identity,
      kind: this.kind,
      reason: 'because',
      digest: DIGEST,
      rendering: RENDERING,
      atMs: real.nowMs,
      channel: 'api',
      passkey: null,
      retractedAtMs: null,
    };
    const ballot = {
      voter: this.who,
      vote,
      rendering: RENDERING,
      grant: 'gra_01hzzzzzzzzzzzzzzzzzzzzzzz' as const,
    };
    const cast = castVote(real.review, ballot, everybody);
    const may = model.status === 'pending' && name !== 'ana' && !hasVoted(model, identity);
    expect(cast.ok).toBe(may);
    if (!cast.ok) return;
    (this.kind === 'approve' ? model.approving : model.rejecting).set(identity, name);
    resolve(model);
    follow(model, real, cast.value);
  }
  toString = (): string => `${this.kind} by ${this.who.name}`;
}

const hasVoted = (model: Model, identity: string): boolean =>
  model.approving.has(identity) || model.rejecting.has(identity);

class Retract implements fc.Command<Model, Real> {
  readonly who: Person;
  constructor(who: Person) {
    this.who = who;
  }
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    const { identity, name } = this.who;
    const retracted = retractVote(real.review, { voter: this.who, atMs: real.nowMs }, everybody);
    expect(retracted.ok).toBe(model.status === 'pending' && name !== 'ana' && hasVoted(model, identity));
    if (!retracted.ok) return;
    model.approving.delete(identity);
    model.rejecting.delete(identity);
    follow(model, real, retracted.value);
  }
  toString = (): string => `retract by ${this.who.name}`;
}

class Ask implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    const question = { to: 'agent', text: 'Why?', atMs: real.nowMs, channel: 'api' } as const;
    const asker = people[0] as Person;
    const asked = askQuestion(real.review, { asker, question, mostQuestions: 3 }, everybody);
    expect(asked.ok).toBe(model.status === 'pending' && model.questions < 3);
    if (!asked.ok) return;
    model.questions += 1;
    follow(model, real, asked.value);
  }
  toString = (): string => 'ask';
}

class Answer implements fc.Command<Model, Real> {
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    const answer = { text: 'So.', atMs: real.nowMs, channel: 'api' };
    const question = model.answered + 1;
    const answered = answerQuestion(real.review, { answerer: agent, question, answer }, everybody);
    expect(answered.ok).toBe(model.status === 'pending' && model.answered < model.questions);
    if (!answered.ok) return;
    model.answered += 1;
    follow(model, real, answered.value);
  }
  toString = (): string => 'answer';
}

/** What ends a review without a vote. */
class End implements fc.Command<Model, Real> {
  readonly how: 'expired' | 'withdrawn' | 'superseded';
  constructor(how: 'expired' | 'withdrawn' | 'superseded') {
    this.how = how;
  }
  check = (): boolean => true;
  run(model: Model, real: Real): void {
    const ended = {
      expired: () => expire(real.review, real.review.expiresAtMs),
      withdrawn: () => withdraw(real.review, real.nowMs, 'gave up'),
      superseded: () => supersede(real.review, real.nowMs, 'rev_01hzzzzzzzzzzzzzzzzzzzzzzy'),
    }[this.how]();
    expect(ended !== undefined).toBe(model.status === 'pending');
    if (ended === undefined) return;
    model.status = this.how;
    follow(model, real, ended);
  }
  toString = (): string => this.how;
}

/** The review has moved: by one revision, to where the model is. */
function follow(model: Model, real: Real, next: Review): void {
  model.revision += 1;
  real.review = next;
  real.nowMs += 1;
  expect(next.revision).toBe(model.revision);
  expect(next.state.status).toBe(model.status);
  const standing = new Map(standingVotes(next).map((vote) => [vote.identity, vote.kind]));
  const expected = [...model.approving.keys()].map((identity) => [identity, 'approve'] as const);
  const rejecting = [...model.rejecting.keys()].map((identity) => [identity, 'reject'] as const);
  expect(standing).toEqual(new Map([...expected, ...rejecting]));
  expect(next.subject.digest).toBe(DIGEST);
}

const anybody = fc.constantFrom(...people);
const commands = fc.commands(
  [
    anybody.map((who) => new Vote(who, 'approve')),
    anybody.map((who) => new Vote(who, 'approve')),
    anybody.map((who) => new Vote(who, 'reject')),
    anybody.map((who) => new Retract(who)),
    fc.constant(new Ask()),
    fc.constant(new Answer()),
    fc.constantFrom('expired', 'withdrawn', 'superseded').map((how) => new End(how)),
  ],
  { maxCommands: 30 },
);

test('property: any sequence of acts takes the review where the model says', () => {
  expect(people.map((one) => identityOf(one.name))).toEqual(people.map((one) => one.identity));
  fc.assert(
    fc.property(
      commands,
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 2 }),
      (steps, stewards, owners) => {
        const model: Model = {
          need: { stewards, owners },
          approving: new Map(),
          rejecting: new Map(),
          questions: 0,
          answered: 0,
          revision: 1,
          status: 'pending',
        };
        const real: Real = { review: review({}, demandsOf(stewards, owners)), nowMs: 2_000 };
        fc.modelRun(() => ({ model, real }), steps);
      },
    ),
    { numRuns: 2_000 },
  );
});
