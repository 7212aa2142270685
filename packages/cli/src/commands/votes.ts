import type { Review } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { Failure } from '../failure.ts';
import { renderReview } from '../render-review.ts';
import { requireExact } from '../shown-exactly.ts';
import { approveBundle } from './bundle.ts';

export const approve: Command = {
  name: 'approve',
  arguments: ['[ID]'],
  summary: 'show an action whole, ask, and approve exactly that',
  details: [
    'The vote carries the digest of what was shown, computed here: if anything else would run, it is no approval.',
    'With --bundle in place of ID: all that one session waits for, shown whole and asked once. Each is approved by itself, and the answer says of each whether it counts; the exit code is that of the first that doesn’t.',
    'Without a terminal, or with --json, it needs --yes.',
  ],
  options: ['bundle', 'digest', 'yes', 'reason'],
  remote: true,
  run: async (context) => {
    const { output, invocation } = context;
    const session = bundleOf(context);
    if (!output.interactive && !invocation.flag('yes')) {
      throw new Failure(
        'refused',
        'approve.unconfirmed',
        'An approval needs a person at a terminal, or --yes.',
      );
    }
    if (session !== null) return approveBundle(context, session);
    const review = await readExact(context);
    if (output.interactive) output.result(review, (style) => renderReview(review, style, output.width));
    if (!invocation.flag('yes') && !(await output.confirm('\nApprove exactly this?'))) {
      throw new Failure('refused', 'approve.declined', 'Nothing was approved.');
    }
    return send(context, review, 'approve');
  },
};

/** The session of `--bundle`; null where the command is about one review. */
function bundleOf({ invocation }: Context): string | null {
  const session = invocation.text('bundle');
  const isBoth = invocation.arguments.length > 0 || invocation.text('digest') !== null;
  if (session === null && invocation.arguments.length === 0)
    throw new Failure('usage', 'arguments', 'sallyport approve takes ID, or --bundle SESSION');
  if (session !== null && isBoth)
    throw new Failure('usage', 'arguments', '--bundle goes without ID and without --digest');
  return session;
}

export const retract: Command = {
  name: 'retract',
  arguments: ['REVIEW'],
  summary: 'take your own vote back, while the review is pending',
  details: ['The vote stays in the history. You may vote anew afterwards.'],
  options: [],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const review = await client().retract(invocation.arguments[0] ?? '', { channel: 'cli' });
    output.result(review, (style) => `${style.yellow('Taken back.')} ${missing(review)}`);
  },
};

export const reject: Command = {
  name: 'reject',
  arguments: ['ID'],
  summary: 'reject an action, with the reason that the agent is told',
  details: [],
  options: ['reason', 'digest'],
  remote: true,
  run: async (context) => {
    if ((context.invocation.text('reason') ?? '').trim() === '') {
      throw new Failure(
        'usage',
        'vote.reason_required',
        'A rejection needs --reason TEXT: the agent is told it.',
      );
    }
    await send(context, await readExact(context), 'reject');
  },
};

/** The review, if what it shows is what its digest says, and what the person was shown elsewhere. */
async function readExact({ client, invocation }: Context): Promise<Review> {
  const review = await client().getReview(invocation.arguments[0] ?? '');
  requireExact(review);
  const expected = invocation.text('digest');
  if (expected !== null && expected.toLowerCase() !== review.digest) {
    throw new Failure(
      'conflict',
      'vote.digest_mismatch',
      `--digest is not that of ${review.id}: look at it again.`,
    );
  }
  return review;
}

const past = { approve: 'Approved', reject: 'Rejected' } as const;

async function send(
  { client, invocation, output }: Context,
  shown: Review,
  kind: 'approve' | 'reject',
): Promise<void> {
  const reason = invocation.text('reason') ?? '';
  const review = await client().vote(shown.id, {
    kind,
    reason,
    digest: shown.digest,
    rendering: shown.rendering,
    channel: 'cli',
  });
  output.result(review, (style) => {
    const vote = style[kind === 'approve' ? 'green' : 'red'](`${past[kind]}.`);
    return review.status === 'pending'
      ? `${vote} ${missing(review)}`
      : `${vote} The review is ${review.status}.`;
  });
}

/** What each demand lacks. */
function missing({ demands }: Review): string {
  const unmet = demands
    .filter(({ met }) => !met)
    .map(({ approvals, quorum, policy }) => `${approvals} of ${quorum} for ${policy}`);
  return `It waits: ${unmet.join('; ')}.`;
}
