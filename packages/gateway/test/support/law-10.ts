/** Law 10: one decision function. The cases that give the same result through every channel, and over the API. */
import { createApi } from '../../src/api/api.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Person } from '../../src/core/identity.ts';
import type { ReviewId } from '../../src/core/ids.ts';
import type { Review } from '../../src/core/review.ts';
import type { Desk } from '../../src/review/desk.ts';
import type { Store } from '../../src/stores/store.ts';
import { createFake } from '../api-fake.ts';
import { demand, reviewed } from './subjects.ts';

/** What a case may change, whatever the channel. */
export interface World {
  people: Person[];
  version: string;
  readonly desk: Desk;
  readonly store: Store;
  /** Time passes, here and on the platform. */
  pass(milliseconds: number): void;
}

export type Name = 'sam' | 'kim' | 'ana' | 'zoe';
export type Act =
  | { readonly by: Name; readonly kind: 'approve' }
  | { readonly by: Name; readonly kind: 'reject' | 'ask' | 'answer'; readonly text: string };

export interface Case {
  readonly name: string;
  readonly decision?: Decision;
  /** Before all else Kim asks the sponsor. */
  readonly asked?: true;
  /** What happens before the last of the acts. */
  readonly before?: (at: World) => void;
  readonly acts: readonly Act[];
  /** Status of the review at the end, and what the last act was told; '': it counts. */
  readonly expected: readonly [status: string, said: RegExp];
}

const approve = (by: Name): Act => ({ by, kind: 'approve' });
const answer = (by: Name, text: string): Act => ({ by, kind: 'answer', text });
const COUNTS = /^$/;

export const CASES: readonly Case[] = [
  { name: 'one steward approves', acts: [approve('sam')], expected: ['approved', COUNTS] },
  {
    name: 'a steward rejects with a reason',
    acts: [{ by: 'kim', kind: 'reject', text: 'no' }],
    expected: ['rejected', COUNTS],
  },
  {
    name: 'a rejection of white space',
    acts: [{ by: 'kim', kind: 'reject', text: ' ' }],
    expected: ['pending', /needs a reason/],
  },
  { name: 'a steward asks', acts: [{ by: 'kim', kind: 'ask', text: 'why?' }], expected: ['pending', COUNTS] },
  {
    name: 'a question of white space',
    acts: [{ by: 'kim', kind: 'ask', text: ' ' }],
    expected: ['pending', /has no text/],
  },
  {
    name: 'the sponsor approves what their agent asked for',
    acts: [approve('ana')],
    expected: ['pending', /what you, or an agent that acts for you/],
  },
  {
    name: 'the sponsor rejects it',
    acts: [{ by: 'ana', kind: 'reject', text: 'no' }],
    expected: ['pending', /what you, or an agent that acts for you/],
  },
  {
    name: 'somebody who is no approver',
    acts: [approve('zoe')],
    expected: ['pending', /aren’t among those/],
  },
  {
    name: 'somebody who is no approver asks',
    acts: [{ by: 'zoe', kind: 'ask', text: 'why?' }],
    expected: ['pending', /aren’t among those/],
  },
  {
    name: 'one of two',
    decision: reviewed({ quorum: 2 }),
    acts: [approve('sam')],
    expected: ['pending', COUNTS],
  },
  {
    name: 'the same person twice',
    decision: reviewed({ quorum: 2 }),
    acts: [approve('sam'), approve('sam')],
    expected: ['pending', /You voted to approve/],
  },
  {
    name: 'two of two',
    decision: reviewed({ quorum: 2 }),
    acts: [approve('sam'), approve('kim')],
    expected: ['approved', COUNTS],
  },
  {
    name: 'one rejection against an approval',
    decision: reviewed({ quorum: 2 }),
    acts: [approve('sam'), { by: 'kim', kind: 'reject', text: 'no' }],
    expected: ['rejected', COUNTS],
  },
  {
    name: 'after the end',
    acts: [{ by: 'sam', kind: 'reject', text: 'no' }, approve('kim')],
    expected: ['rejected', /is over: rejected by sam/],
  },
  {
    name: 'after its time',
    before: (at) => at.pass(3_600_000),
    acts: [approve('sam')],
    expected: ['expired', /is over|past its time/],
  },
  {
    name: 'after a change of the policies',
    before: (at) => (at.version = '2'),
    acts: [approve('sam')],
    expected: ['pending', /has changed since you looked/],
  },
  {
    name: 'a right that was lost since',
    before: (at) => (at.people = at.people.map((one) => (one.name === 'sam' ? { ...one, groups: [] } : one))),
    acts: [approve('sam')],
    expected: ['pending', /aren’t among those/],
  },
  {
    name: 'two demands, of which one person meets one',
    decision: {
      effect: 'review',
      policies: ['a', 'b'],
      reasons: [],
      demands: [
        demand({ policy: 'a' }),
        demand({ policy: 'b', approvers: [{ kind: 'person', name: 'kim' }] }),
      ],
    },
    acts: [approve('sam')],
    expected: ['pending', COUNTS],
  },
  {
    name: 'somebody who is excluded',
    decision: reviewed({ excluded: ['sam'] }),
    acts: [approve('sam')],
    expected: ['pending', /aren’t among those/],
  },
  {
    name: 'the sponsor answers what they are asked',
    asked: true,
    acts: [answer('ana', 'For the audit.')],
    expected: ['pending', COUNTS],
  },
  {
    name: 'somebody who may decide answers in the sponsor’s place',
    asked: true,
    acts: [answer('sam', 'For the audit.')],
    expected: ['pending', /Only the agent that asked, or the person for whom it acts/],
  },
  {
    name: 'somebody who has nothing to do with it answers',
    asked: true,
    acts: [answer('zoe', 'For the audit.')],
    expected: ['pending', /Only the agent that asked, or the person for whom it acts/],
  },
  {
    name: 'a second answer',
    asked: true,
    acts: [answer('ana', 'For the audit.'), answer('ana', 'For fun.')],
    expected: ['pending', /ana has answered this question already/],
  },
  {
    name: 'an answer after the end',
    asked: true,
    acts: [{ by: 'sam', kind: 'reject', text: 'no' }, answer('ana', 'For the audit.')],
    expected: ['rejected', /is over/],
  },
];

/** What a vote carries: what its author was shown at first. */
export interface Seen {
  readonly review: ReviewId;
  readonly digest: string;
  readonly rendering: string;
}

export const seenOf = (review: Review, desk: Desk): Seen => ({
  review: review.id,
  digest: review.subject.digest,
  rendering: desk.show(review).rendering,
});

/** Who has judged how, and how the review stands; what is past its time has ended, whether a timer has noticed or not. */
export function resultOf({ state, votes, questions, expiresAtMs }: Review, nowMs: number): string {
  const status = state.status === 'pending' && nowMs >= expiresAtMs ? 'expired' : state.status;
  const counted = [
    ...votes.map(({ person, kind }) => `${person} ${kind}`),
    ...questions.map(({ by }) => `${by} ask`),
    ...questions.flatMap((each) => (each.answer === null ? [] : [`${each.answer.by} answer`])),
  ];
  return `${status} ${counted.join(', ')}`;
}

/** The API as the gateway has it, over this desk and store. A token is its owner's name. */
export function apiOf(at: Pick<World, 'desk' | 'people' | 'store'>): ReturnType<typeof createApi> {
  const { deps } = createFake();
  const policy = { ...deps.policy, mayCall: () => true };
  const authenticate = async (token: string): Promise<Person | undefined> =>
    at.people.find(({ name }) => name === token);
  return createApi({ ...deps, policy, authenticate, desk: at.desk, store: at.store });
}

/** What the author of an act is told; '': it counts. */
export async function overTheApi(
  at: Pick<World, 'desk' | 'people' | 'store'>,
  act: Act,
  { review, digest, rendering }: Seen,
): Promise<string> {
  const [path, body] = requestOf(act, { digest, rendering });
  const response = await apiOf(at).request(`/v1/reviews/${review}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${act.by}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, channel: 'api' }),
  });
  const answered = (await response.json()) as { readonly detail?: string };
  return response.ok ? '' : (answered.detail ?? 'refused');
}

function requestOf(act: Act, shown: Pick<Seen, 'digest' | 'rendering'>): [string, object] {
  if (act.kind === 'ask') return ['questions', { to: 'agent', text: act.text }];
  if (act.kind === 'answer') return ['questions/1/answer', { text: act.text }];
  const reason = act.kind === 'reject' ? act.text : '';
  return ['votes', { kind: act.kind, reason, ...shown }];
}
