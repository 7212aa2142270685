/** Law 10: one decision function. The same cases through Slack and over the API give the same result, in the same words. */
import { afterEach, expect, test } from 'vitest';
import { createApi } from '../../src/api/api.ts';
import type { Decision } from '../../src/core/decide.ts';
import type { Person } from '../../src/core/identity.ts';
import { createFake } from '../api-fake.ts';
import type { FakeMessage } from '../fakes/slack/workspace.ts';
import { textOf } from '../fakes/slack/workspace.ts';
import { openSlackWorld, until, type SlackWorld } from '../support/slack-world.ts';
import { reviewed } from '../support/standing-world.ts';
import { demand } from '../support/subjects.ts';

type Name = 'sam' | 'kim' | 'ana' | 'zoe';
type Act =
  | { readonly by: Name; readonly kind: 'approve' }
  | { readonly by: Name; readonly kind: 'reject' | 'ask'; readonly text: string };

interface Case {
  readonly name: string;
  readonly decision?: Decision;
  /** What happens before the last of the acts. */
  readonly before?: (at: SlackWorld) => void;
  readonly acts: readonly Act[];
  /** Status of the review at the end, and what the last act was told; '': it counts. */
  readonly expected: readonly [status: string, said: RegExp];
}

const approve = (by: Name): Act => ({ by, kind: 'approve' });
const COUNTS = /^$/;

const CASES: readonly Case[] = [
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
    before: (at) => {
      at.offMs = 3_600_000;
      at.slack.offMs = 3_600_000;
    },
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
];

/** One surface: puts an act before the gateway as it was shown at first, and says what its author is told. */
type Surface = (at: SlackWorld, act: Act, seen: Seen) => Promise<string>;

interface Seen {
  readonly message: FakeMessage;
  readonly blocks: FakeMessage['blocks'];
  readonly digest: string;
  readonly rendering: string;
  readonly review: `rev_${string}`;
}

const account = (name: Name): string => `U0${name.toUpperCase()}`;

async function throughSlack({ slack }: SlackWorld, act: Act, { message, blocks }: Seen): Promise<string> {
  const user = account(act.by);
  const { ephemerals, views } = slack.workspace;
  const before = ephemerals.length;
  const told = () => until(() => ephemerals.slice(before).find((each) => each.user === user));
  if (act.kind === 'approve') {
    await slack.press(user, message, 'sallyport.approve', blocks);
    const said = await told();
    return said.blocks.length === 0 ? '' : textOf(said.blocks).trim().replace('Not counted. ', '');
  }
  await slack.press(user, message, `sallyport.${act.kind}`, blocks);
  const view = await until(() => [...views.values()].find((each) => each.user === user));
  await slack.submit(view, { reason: act.text, question: act.text });
  views.delete(view.id);
  return Object.values(view.errors).join(' ');
}

async function overTheApi(at: SlackWorld, act: Act, { review, digest, rendering }: Seen): Promise<string> {
  const { deps } = createFake();
  const policy = { ...deps.policy, mayCall: () => true };
  const authenticate = async (token: string): Promise<Person | undefined> =>
    at.people.find(({ name }) => name === token);
  const app = createApi({ ...deps, policy, authenticate, desk: at.desk, store: at.store });
  const isAsked = act.kind === 'ask';
  const body = isAsked
    ? { to: 'agent', text: act.text, channel: 'api' }
    : { kind: act.kind, reason: act.kind === 'reject' ? act.text : '', digest, rendering, channel: 'api' };
  const response = await app.request(`/v1/reviews/${review}/${isAsked ? 'questions' : 'votes'}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${act.by}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { readonly detail?: string };
  return response.ok ? '' : (answer.detail ?? 'refused');
}

let world: SlackWorld;
afterEach(() => world.close());

async function run({ acts, before, decision }: Case, surface: Surface): Promise<readonly [string, string]> {
  world = await openSlackWorld();
  await linkZoe();
  if (decision !== undefined) world.decision = decision;
  const { held, message } = await world.hold();
  const review = await world.read(held.review);
  const seen: Seen = {
    message,
    blocks: message.blocks,
    digest: review.subject.digest,
    rendering: world.desk.show(review).rendering,
    review: held.review,
  };
  let said = '';
  for (const [index, act] of acts.entries()) {
    if (index === acts.length - 1) before?.(world);
    said = await surface(world, act, seen);
  }
  const { state, votes, questions, expiresAtMs } = await world.read(held.review);
  // What is past its time has ended, whether a timer has noticed or not.
  const isOver = state.status === 'pending' && expiresAtMs < Date.UTC(2100, 0, 1) && world.offMs > 0;
  const counted = votes
    .map(({ person, kind }) => `${person} ${kind}`)
    .concat(questions.map(({ by }) => `${by} ask`));
  return [`${isOver ? 'expired' : state.status} ${counted.join(', ')}`, said];
}

async function linkZoe(): Promise<void> {
  const zoe = world.people.find(({ name }) => name === 'zoe');
  const { team } = world.slack.workspace;
  const url = world.links.offer({ platform: 'slack', tenant: team, user: 'U0ZOE' }, 'zoe');
  const [, token = ''] = url.split('#');
  expect((await world.links.link(token, zoe!)).ok).toBe(true);
}

test.each(CASES)('$name: the same through Slack and over the API', async (given) => {
  const slack = await run(given, throughSlack);
  await world.close();
  const api = await run(given, overTheApi);
  expect(slack).toEqual(api);
  const [status, said] = given.expected;
  expect(api[0].split(' ')[0]).toBe(status);
  expect(api[1]).toMatch(said);
});
