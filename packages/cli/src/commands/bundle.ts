import type { Bundle, BundleVoteResult } from '@sallyport/sdk/contract';
import type { Context } from '../command.ts';
import { type Ending, endingOf, exitCodes, Failure } from '../failure.ts';
import { renderReview } from '../render-review.ts';
import { requireExact } from '../shown-exactly.ts';
import type { Style } from '../style.ts';
import { count, shown } from '../text.ts';

/** Everything that one session waits for: shown whole, asked once, approved one by one. */
export async function approveBundle(context: Context, session: string): Promise<number> {
  const { client, output, invocation } = context;
  const bundle = await client().getBundle(session);
  if (bundle.reviews.length === 0)
    throw new Failure('not_found', 'bundle.empty', `Nothing of the session ${session} waits.`);
  for (const review of bundle.reviews) requireExact(review);
  if (output.interactive) output.result(bundle, (style) => renderBundle(bundle, style, output.width));
  if (!invocation.flag('yes') && !(await output.confirm(questionOf(bundle))))
    throw new Failure('refused', 'approve.declined', 'Nothing was approved.');
  const reason = invocation.text('reason') ?? '';
  const votes = bundle.reviews.map(({ id: review, digest, rendering }) => {
    return { review, kind: 'approve' as const, reason, digest, rendering };
  });
  const { results } = await client().voteOnBundle(session, { votes, channel: 'cli' });
  output.result({ session, results, more: bundle.more }, (style) => renderResults(results, style));
  return exitCodes[endingOfAll(results)].code;
}

const questionOf = ({ reviews, more }: Bundle): string => {
  const rest = more ? ' The session has more, which are not shown and not approved.' : '';
  return `\n${rest}\nApprove ${reviews.length === 1 ? 'exactly this' : `all ${reviews.length}, exactly as shown`}?`;
};

function renderBundle({ reviews, session }: Bundle, style: Style, width: number): string {
  const head = style.bold(`${count(reviews.length, 'action')} of the session ${shown(session, style)}`);
  const rule = '═'.repeat(width);
  const cards = reviews.flatMap((review, at) => [
    style.bold(rule),
    style.bold(`${at + 1} of ${reviews.length}`),
    renderReview(review, style, width),
  ]);
  return [head, ...cards, style.bold(rule)].join('\n');
}

function renderResults(results: readonly BundleVoteResult[], style: Style): string {
  return results
    .map(({ review, code, detail, summary }) =>
      code === null
        ? `${review}  ${style.green('approved by you')}; the review is ${summary?.status ?? 'unknown'}`
        : `${review}  ${style.red(code)}: ${shown(detail, style)}`,
    )
    .join('\n');
}

/** The first refusal says how it ended: a script must not take a part for the whole. */
function endingOfAll(results: readonly BundleVoteResult[]): Ending {
  const refused = results.find(({ code }) => code !== null)?.code ?? null;
  return refused === null ? 'ok' : endingOf(refused);
}
