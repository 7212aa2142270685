import type { Review } from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { digestOf } from '../digest.ts';
import { Failure } from '../failure.ts';
import { renderReview } from '../render-review.ts';

export const approve: Command = {
  name: 'approve',
  arguments: ['ID'],
  summary: 'show an action whole, ask, and approve exactly that',
  details: [
    'The vote carries the digest of what was shown, computed here: if anything else would run, it is no approval.',
    'Without a terminal, or with --json, it needs --yes.',
  ],
  options: ['digest', 'yes', 'reason'],
  remote: true,
  run: async (context) => {
    const { output, invocation } = context;
    if (!output.interactive && !invocation.flag('yes')) {
      throw new Failure(
        'refused',
        'approve.unconfirmed',
        'An approval needs a person at a terminal, or --yes.',
      );
    }
    const review = await readExact(context);
    if (output.interactive) output.result(review, (style) => renderReview(review, style, output.width));
    if (!invocation.flag('yes') && !(await output.confirm('\nApprove exactly this?'))) {
      throw new Failure('refused', 'approve.declined', 'Nothing was approved.');
    }
    await send(context, review, 'approve');
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
  if (digestOf(review) !== review.digest) {
    const detail =
      'The gateway shows another action than the one under review. Nothing was sent; tell your operator.';
    throw new Failure('verification_failed', 'review.digest_mismatch', detail);
  }
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

function missing(review: Review): string {
  const approvals = new Set(review.votes.filter((vote) => vote.kind === 'approve').map((vote) => vote.person))
    .size;
  const needed = Math.max(...review.demands.map((demand) => demand.quorum));
  return `It still waits for others: ${approvals} of at least ${needed} have approved.`;
}
