import type {
  AnswerRequest,
  QuestionRequest,
  RetractRequest,
  ReviewQuery,
  VoteRequest,
} from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import { parseId, type ReviewId } from '../core/ids.ts';
import type { Review } from '../core/review.ts';
import { keyOf, malformedKey } from './action-handlers.ts';
import { conditional, etagOf, names } from './conditional.ts';
import type { ApiDeps } from './deps.ts';
import { signedAssertionOf } from './passkey-handlers.ts';
import { presentReview, presentState, presentSummary } from './present.ts';
import type { Call, Reply } from './route.ts';

const notFound: Reply = { kind: 'problem', code: 'review.not_found', detail: 'There is no such review.' };

interface IdParams {
  readonly id: string;
}

export async function listReviews(
  { query, headers }: Call<unknown, z.output<typeof ReviewQuery>, unknown>,
  _principal: Principal,
  { store, hashing }: ApiDeps,
): Promise<Reply> {
  const reviews = await store.read('reviews', {
    status: query.status ?? null,
    agent: query.agent ?? null,
    session: query.session ?? null,
    target: query.target ?? null,
    minRisk: query.minRisk ?? null,
    shape: query.shape ?? null,
    limit: query.limit,
    before: query.before === undefined ? null : (parseId('rev', query.before) ?? null),
  });
  const next = reviews.length === query.limit ? (reviews.at(-1)?.id ?? null) : null;
  return conditional({ reviews: reviews.map(presentSummary), next }, headers, hashing);
}

/** With its preview, or after it was given up: what a person looks at doesn't change a moment later. */
export async function readReview(
  { params, headers }: Call<IdParams, unknown, unknown>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const id = parseId('rev', params.id);
  if (id === undefined) return notFound;
  await deps.desk.previewed(id);
  const review = await find(params.id, deps.store);
  if (review === null) return notFound;
  deps.attention.shown(review, principal);
  return conditional(shown(review, deps), headers, deps.hashing);
}

function shown(review: Review, { desk, clock, publicUrl }: ApiDeps): object {
  return presentReview(review, { ...desk.show(review), readAtMs: clock.nowMs(), publicUrl });
}

function show(review: Review, deps: ApiDeps): Reply {
  const body = shown(review, deps);
  return { kind: 'json', body, etag: etagOf(body, deps.hashing) };
}

/** An agent sees the state of its own reviews; of another's it learns as much as of one that doesn't exist. */
export async function readState(
  { params }: Call<IdParams, unknown, unknown>,
  principal: Principal,
  { store }: ApiDeps,
): Promise<Reply> {
  const review = await find(params.id, store);
  if (review === null) return notFound;
  if (principal.kind === 'agent' && review.subject.requester.agent !== principal.name) return notFound;
  return { kind: 'json', body: presentState(review) };
}

type Judged = Awaited<ReturnType<ApiDeps['desk']['vote']>>;

/** What the desk says, as an answer: the review after it, or why not. */
function judged(result: Judged, deps: ApiDeps): Reply {
  if (result.ok) return show(result.value, deps);
  return { kind: 'problem', code: result.error.code, detail: result.error.message };
}

export async function vote(
  { params, body, headers }: Call<IdParams, unknown, z.output<typeof VoteRequest>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const review = parseId('rev', params.id);
  if (review === undefined) return notFound;
  const key = keyOf(headers);
  if (key === undefined) return malformedKey;
  const precondition = headers.get('if-match');
  if (precondition !== null && !(await isWhatWasSeen(review, precondition, deps)))
    return {
      kind: 'problem',
      code: 'precondition.failed',
      detail: 'The review has changed since you read it.',
    };
  const { passkey: signed, ...vote } = body;
  const passkey = signedAssertionOf(signed);
  const result = await deps.desk.vote({ review, voter: principal, ...vote, passkey, key });
  if (result.ok || result.error.code !== 'vote.passkey_required') return judged(result, deps);
  const detail = `${result.error.message} Open ${deps.publicUrl}/reviews/${review}/sign`;
  return { kind: 'problem', code: result.error.code, detail };
}

/** `If-Match`, for clients that want any change to be a conflict; what a vote rests on is compared in any case. */
async function isWhatWasSeen(id: ReviewId, header: string, deps: ApiDeps): Promise<boolean> {
  const review = await deps.store.read('review', { id });
  return review !== null && names(header, etagOf(shown(review, deps), deps.hashing));
}

export async function retract(
  { params, body }: Call<IdParams, unknown, z.output<typeof RetractRequest>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const review = parseId('rev', params.id);
  if (review === undefined) return notFound;
  return judged(await deps.desk.retract({ review, voter: principal, ...body }), deps);
}

export async function question(
  { params, body }: Call<IdParams, unknown, z.output<typeof QuestionRequest>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const review = parseId('rev', params.id);
  if (review === undefined) return notFound;
  return judged(await deps.desk.question({ review, asker: principal, ...body }), deps);
}

/** The agent that asked may answer, so it gets no more than it may read: the state. */
export async function answer(
  { params, body }: Call<IdParams & { readonly question: number }, unknown, z.output<typeof AnswerRequest>>,
  principal: Principal,
  deps: ApiDeps,
): Promise<Reply> {
  const review = parseId('rev', params.id);
  if (review === undefined) return notFound;
  const { question } = params;
  const answered = await deps.desk.answer({ review, question, answerer: principal, ...body });
  if (answered.ok) return { kind: 'json', body: presentState(answered.value) };
  // Of somebody else's review an agent learns as much as of one that doesn't exist.
  const isHidden = principal.kind === 'agent' && !(await isOwn(review, principal, deps));
  return isHidden ? notFound : { kind: 'problem', code: answered.error.code, detail: answered.error.message };
}

async function isOwn(id: ReviewId, { name }: Principal, { store }: ApiDeps): Promise<boolean> {
  const review = await store.read('review', { id });
  return review?.subject.requester.agent === name;
}

async function find(id: string, store: ApiDeps['store']): Promise<Review | null> {
  const parsed: ReviewId | undefined = parseId('rev', id);
  return parsed === undefined ? null : store.read('review', { id: parsed });
}

/**
 * Where the links in notices lead while a person has no other surface: how to decide with the command line. The same
 * text for every id, because nobody has said who they are.
 */
export async function decidePage(
  call: Call<unknown, unknown, unknown>,
  _nobody: null,
  serving: Pick<ApiDeps, 'publicUrl'>,
): Promise<Reply> {
  const { id } = call.params as IdParams;
  const review = parseId('rev', id) ?? 'ID';
  const lines = [
    'Sallyport: an action waits for a person',
    '',
    'This page shows nothing of it, because it does not know who you are.',
    'With the sallyport command line, and your own token:',
    '',
    `  sallyport show ${review}`,
    `  sallyport approve ${review}`,
    `  sallyport reject ${review} --reason "..."`,
    `  sallyport ask ${review} --text "..."`,
    '  sallyport reviews --watch',
    '',
    'Where it has to be signed with a passkey, or to decide here with your token and a passkey:',
    '',
    `  ${serving.publicUrl}/reviews/${review}/sign`,
    '',
    'SALLYPORT_URL is the address of this server; SALLYPORT_TOKEN is your token (or --token-file FILE).',
    '',
  ];
  return { kind: 'text', body: lines.join('\n') };
}
