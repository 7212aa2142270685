import { type ReceivedEvent, SallyportError } from '@sallyport/sdk';
import {
  type BreakGlassPage,
  type BreakGlassSummary,
  Digest,
  maxReviewGroups,
  ReviewStatus,
  type ReviewSummary,
} from '@sallyport/sdk/contract';
import type { Command, Context } from '../command.ts';
import { Failure } from '../failure.ts';
import { renderGroup } from '../render-attention.ts';
import { renderBreakGlass, renderUseSummary } from '../render-break-glass.ts';
import { renderReview, renderSummary } from '../render-review.ts';
import { runScreen } from '../screen/run-screen.ts';
import { processTerminal } from '../screen/terminal.ts';
import { createStyle } from '../style.ts';
import { sentence } from '../text.ts';

export const reviews: Command = {
  name: 'reviews',
  arguments: [],
  summary: 'list the actions that wait for a person',
  details: [
    'With --watch at a terminal it is a full screen: what waits, live, to open, approve, reject and ask about with one key each. A review can be approved there once all of it has been on the screen.',
    'With --group it counts what waits by shape, the largest group first, and says how to decide on its members.',
    'With --watch elsewhere, or with --lines, it prints each review when it opens or changes; with --json one a line.',
  ],
  options: ['watch', 'lines', 'bell', 'group', 'shape', 'status', 'agent'],
  remote: true,
  run: async (context) => {
    const { invocation, output } = context;
    if (invocation.flag('group')) return groups(context);
    if (!invocation.flag('watch')) return list(context);
    return output.interactive && !invocation.flag('lines') ? watchScreen(context) : watch(context);
  },
};

export const show: Command = {
  name: 'show',
  arguments: ['ID'],
  summary: 'show one review whole: what would run, on which data, how risky, who may decide',
  details: ['A use of break-glass (bgl_…) too.'],
  options: [],
  remote: true,
  run: async ({ client, invocation, output }) => {
    const id = invocation.arguments[0] ?? '';
    if (id.startsWith('bgl_')) {
      const use = await client().getBreakGlass(id);
      return output.result(use, (style) => renderBreakGlass(use, style, output.width));
    }
    const review = await client().getReview(id);
    output.result(review, (style) => renderReview(review, style, output.width));
  },
};

function statusOf({ invocation }: Context): ReviewStatus | null {
  const given = invocation.text('status') ?? 'pending';
  if (given === 'all') return null;
  const status = ReviewStatus.safeParse(given);
  if (status.success) return status.data;
  throw new Failure('usage', 'option.status', `--status is one of ${ReviewStatus.options.join(', ')}, all`);
}

function shapeOf({ invocation }: Context): string | null {
  const given = invocation.text('shape');
  if (given === null || Digest.safeParse(given).success) return given;
  throw new Failure('usage', 'option.shape', '--shape is what `sallyport reviews --group` shows: 64 digits');
}

/** Counted by the gateway, so that a flood is one line here, however many there are. */
async function groups(context: Context): Promise<void> {
  const { client, invocation, output } = context;
  for (const name of ['watch', 'lines', 'bell', 'shape', 'status'] as const) {
    const isGiven =
      name === 'shape' || name === 'status' ? invocation.text(name) !== null : invocation.flag(name);
    if (isGiven)
      throw new Failure('usage', `option.${name}`, `--group counts what is pending: without --${name}`);
  }
  const agent = invocation.text('agent');
  const found = await client().listReviewGroups({
    ...(agent === null ? {} : { agent }),
    limit: maxReviewGroups,
  });
  output.result(found, (style) =>
    found.groups.length === 0
      ? 'nothing waits'
      : found.groups.map((group) => renderGroup(group, style)).join('\n'),
  );
}

/** Every page: nobody should miss a review because there are many. */
async function readAll(context: Context): Promise<ReviewSummary[]> {
  const client = context.client();
  const status = statusOf(context);
  const agent = context.invocation.text('agent');
  const shape = shapeOf(context);
  const found: ReviewSummary[] = [];
  let before: string | null = null;
  do {
    const page = await client.listReviews({
      ...(status === null ? {} : { status }),
      ...(agent === null ? {} : { agent }),
      ...(shape === null ? {} : { shape }),
      ...(before === null ? {} : { before }),
      limit: 100,
    });
    found.push(...page.reviews);
    before = page.next;
  } while (before !== null);
  return found;
}

/** Uses of break-glass whose review is open, all of them: nobody should miss one. */
async function unreviewedUses(context: Context): Promise<BreakGlassSummary[]> {
  const client = context.client();
  const found: BreakGlassSummary[] = [];
  let before: string | null = null;
  do {
    const page: BreakGlassPage = await client.listBreakGlass({
      state: 'open',
      limit: 100,
      ...(before === null ? {} : { before }),
    });
    found.push(...page.uses);
    before = page.next;
  } while (before !== null);
  return found;
}

/** Policy may keep them from a reviewer, who then is told so and sees the rest. */
function notToBeSeen({ output }: Context, error: unknown): BreakGlassSummary[] {
  if (!(error instanceof SallyportError) || error.code !== 'access.forbidden') throw error;
  output.note('whether anybody broke glass, policy doesn’t let you see');
  return [];
}

async function list(context: Context): Promise<void> {
  const found = await readAll(context);
  const broken = await unreviewedUses(context).catch((error: unknown) => notToBeSeen(context, error));
  context.output.result({ breakGlass: broken, reviews: found }, (style) =>
    [
      // What nobody approved comes before what somebody still can.
      ...broken.map((use) => renderUseSummary(use, context.system.nowMs(), style)),
      ...(found.length === 0 ? ['nothing waits'] : found.map((review) => renderSummary(review, style))),
    ].join('\n'),
  );
}

function watchScreen(context: Context): Promise<number> {
  const { client, environment, invocation, system } = context;
  return runScreen({
    client: client(),
    terminal: processTerminal(),
    list: () => readAll(context),
    nowMs: () => system.nowMs(),
    style: createStyle(!environment.noColour),
    only: { status: statusOf(context), agent: invocation.text('agent') },
    rings: invocation.flag('bell'),
  });
}

async function watch(context: Context): Promise<void> {
  const { output, invocation } = context;
  const signal = context.interruption();
  const revisions = new Map<string, number>();
  const print = (review: ReviewSummary) => {
    const agent = invocation.text('agent');
    if (agent !== null && review.agent !== agent) return;
    if ((revisions.get(review.id) ?? -1) >= review.revision) return;
    revisions.set(review.id, review.revision);
    output.result(review, (style) => renderSummary(review, style));
  };
  const onInterruption = (error: SallyportError) => output.note(`${sentence(error.message)}; trying again`);
  for await (const event of context.client().events({ signal, onInterruption })) {
    if ('breakGlass' in event) {
      const use = event.breakGlass;
      output.result(use, (style) => renderUseSummary(use, context.system.nowMs(), style));
      continue;
    }
    for (const review of await reviewsOf(event, context)) print(review);
  }
}

/** After a reset the list says what happened meanwhile; oldest first, as events come. */
async function reviewsOf(
  event: Exclude<ReceivedEvent, { breakGlass: unknown }>,
  context: Context,
): Promise<ReviewSummary[]> {
  return event.kind === 'stream.reset' ? (await readAll(context)).toReversed() : [event.review];
}
