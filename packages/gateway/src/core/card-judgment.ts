/** What of a card is about people: what is demanded and who may meet it, questions, votes so far. */
import type { CardFact, CardSection, CardView } from './card-sections.ts';
import { NOBODY } from './card-action.ts';
import { count, moment } from './card-words.ts';
import type { Approver } from './decide.ts';
import { needsPasskey, type Standing } from './electorate.ts';
import { basisOf, type Question, type Review, type Vote } from './review.ts';
import { visible } from './visible.ts';

export function judgmentSections(review: Review, { standings }: CardView): readonly CardSection[] {
  const items = review.votes.map(vote);
  return [
    ...standings.map((standing, index) => demand(review, standing, index)),
    ...review.questions.flatMap(questionSections),
    ...(items.length === 0 ? [] : [{ kind: 'list', title: 'Votes', note: '', items } as const]),
    {
      kind: 'facts',
      plain: true,
      title: 'Bound to',
      facts: [{ label: 'Digest', value: review.subject.digest }],
    },
  ];
}

const named = (approvers: readonly Approver[]): string =>
  approvers.map(({ kind, name }) => (kind === 'group' ? `group ${name}` : name)).join(' or ');

function demand(review: Review, standing: Standing, index: number): CardSection {
  const { demand: asked, approvals, met, eligible } = standing;
  const schedule = review.schedule[index];
  const steps = asked.escalation.map((step, at) => ({ ...step, atMs: schedule?.escalationsAtMs[at] ?? 0 }));
  const facts: CardFact[] = [
    { label: 'Policy', value: asked.policy },
    // Said once, above, where it is a reason of the decision.
    ...(review.subject.reasons.includes(asked.reason) ? [] : [{ label: 'Because', value: asked.reason }]),
    {
      label: 'Approvals',
      value: `${approvals.toString()} of ${asked.quorum.toString()}${met ? ', met' : ''}`,
    },
    { label: 'May approve', value: named(asked.approvers) },
    { label: 'Could do so now', value: eligible.length === 0 ? 'nobody' : eligible.join(', ') },
    ...steps.map(({ atMs, approvers }) => ({
      label: `From ${moment(atMs)}`,
      value: `also ${named(approvers)}`,
    })),
    { label: 'Until', value: moment(schedule?.expiresAtMs ?? review.expiresAtMs) },
    { label: 'Rejected by', value: count(asked.rejections, 'rejection') },
    ...(needsPasskey(review, asked) ? [{ label: 'Signature', value: 'by passkey' }] : []),
    ...(asked.controls.length === 0 ? [] : [{ label: 'Controls', value: asked.controls.join(', ') }]),
  ];
  return {
    kind: 'facts',
    plain: true,
    title: 'What is demanded',
    facts: facts.map(({ label, value }) => ({ label, value: visible(value) })),
  };
}

/** Whoever asked is a reviewer; whoever answered may be the agent, whose words stay apart. */
export function questionSections({ id, by, to, text, atMs, answer }: Question): readonly CardSection[] {
  const asked: CardSection = {
    kind: 'words',
    title: `Question ${id.toString()} of ${visible(by)} to ${to === 'agent' ? 'the agent' : 'its sponsor'}`,
    note: `${moment(atMs)}${answer === null ? ', not answered yet' : ''}`,
    text: visible(text, { keepLineFeeds: true }),
  };
  if (answer === null) return [asked];
  const title = `Answer ${id.toString()} of ${visible(answer.by)}`;
  const note = answer.kind === 'agent' ? NOBODY : moment(answer.atMs);
  return [asked, { kind: 'words', title, note, text: visible(answer.text, { keepLineFeeds: true }) }];
}

const BASES: Readonly<Record<ReturnType<typeof basisOf>, string>> = {
  passkey: 'signed with a passkey',
  token: 'with their token',
  platform: 'as that platform asserts',
};

function vote(cast: Vote): string {
  const verb = cast.kind === 'approve' ? 'approved' : 'rejected';
  const reason = cast.reason === '' ? '' : `: ${cast.reason}`;
  const undone = cast.retractedAtMs === null ? '' : '; taken back';
  const through = `through ${cast.channel}, ${BASES[basisOf(cast)]}`;
  return visible(`${cast.person} ${verb} at ${moment(cast.atMs)}, ${through}${undone}${reason}`);
}
