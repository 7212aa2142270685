import {
  AnswerRequest,
  AttentionQuery,
  AttentionReport,
  Bundle,
  BundleVoteRequest,
  BundleVoteResults,
  EntryPage,
  EntryQuery,
  LedgerStatus,
  QuestionRequest,
  RetractRequest,
  Review,
  ReviewEvent,
  ReviewGroupQuery,
  ReviewGroups,
  ReviewPage,
  ReviewQuery,
  ReviewState,
  UsageQuery,
  UsageReport,
  voteProblemCodes,
  VoteRequest,
} from '@sallyport/sdk/contract';
import { z } from 'zod';
import { actionRoutes } from './action-routes.ts';
import { authorityRoutes } from './authority-routes.ts';
import { readAttention, readGroups } from './attention-handlers.ts';
import { breakGlassRoutes } from './break-glass-routes.ts';
import { chatRoutes } from './chat-routes.ts';
import { readBundle, voteOnBundle } from './bundle-handlers.ts';
import { channelRoutes } from './channel-routes.ts';
import { streamReviewEvents } from './event-handler.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { custodyRoutes } from './custody-routes.ts';
import { conditionalRead, conditionalVote, resumed } from './headers.ts';
import {
  readCheckpoint,
  readEntries,
  readLedger,
  readReceipt,
  readTile,
  readUsage,
} from './ledger-handlers.ts';
import { pages } from './pages.ts';
import { passkeyRoutes } from './passkey-routes.ts';
import {
  answer,
  decidePage,
  listReviews,
  question,
  readReview,
  readState,
  retract,
  vote,
} from './review-handlers.ts';
import { type ApiAction, guarded, open, type Route } from './route.ts';
import { standingRoutes } from './standing-routes.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;
const text = (description: string) =>
  ({ contentType: 'text/plain', schema: z.string(), description }) as const;

/** An id that isn't well-formed is an id that doesn't exist: one answer for both. */
const byId = z.object({ id: z.string().max(200).meta({ description: 'The id of the review.' }) });

const bySession = z.object({
  session: z.string().max(200).meta({ description: 'The session, as reviews name it.' }),
});

const byQuestion = byId.extend({
  question: z.coerce.number().int().min(1).max(1_000).meta({ description: 'The number of the question.' }),
});

/** The API: method, path, who may, what goes in and out, handler. docs/reference/api.md is made from it. */
export const routes: readonly Route[] = [
  guarded({
    method: 'get',
    path: '/v1/reviews',
    name: 'listReviews',
    summary: 'Lists reviews, newest first.',
    access: people('api:reviews.list'),
    query: ReviewQuery,
    headers: conditionalRead,
    answer: json(ReviewPage, 'A page of reviews.'),
    problems: [],
    handle: listReviews,
  }),
  guarded({
    method: 'get',
    path: '/v1/review-groups',
    name: 'listReviewGroups',
    summary: 'Lists what waits by what looks alike: reviews of one agent that differ in values alone.',
    access: people('api:reviews.list'),
    query: ReviewGroupQuery,
    answer: json(ReviewGroups, 'The groups, the largest first.'),
    problems: [],
    handle: readGroups,
  }),
  guarded({
    method: 'get',
    path: '/v1/reviews/{id}',
    name: 'getReview',
    summary: 'Reads one review whole: everything that a person needs in order to judge.',
    access: people('api:reviews.read'),
    params: byId,
    headers: conditionalRead,
    answer: json(Review, 'The review.'),
    problems: ['review.not_found'],
    handle: readReview,
  }),
  guarded({
    method: 'get',
    path: '/v1/reviews/{id}/state',
    name: 'getReviewState',
    summary: 'Reads how a review stands. An agent may ask about its own reviews.',
    access: { to: 'principals', action: 'api:reviews.state' },
    params: byId,
    answer: json(ReviewState, 'The state of the review.'),
    problems: ['review.not_found'],
    handle: readState,
  }),
  guarded({
    method: 'post',
    path: '/v1/reviews/{id}/votes',
    name: 'vote',
    summary: 'Approves or rejects, with the digest of what was shown to the voter.',
    access: { to: 'people', action: 'api:reviews.vote', agentCode: 'vote.not_a_person' },
    params: byId,
    headers: conditionalVote,
    body: VoteRequest,
    answer: json(Review, 'The review after the vote, which is durable.'),
    problems: [...voteProblemCodes, 'idempotency.malformed', 'precondition.failed'],
    handle: vote,
  }),
  guarded({
    method: 'post',
    path: '/v1/reviews/{id}/votes/retract',
    name: 'retractVote',
    summary: 'Takes the caller’s own vote back, while the review is pending.',
    access: { to: 'people', action: 'api:reviews.vote', agentCode: 'vote.not_a_person' },
    params: byId,
    body: RetractRequest,
    answer: json(Review, 'The review without the vote.'),
    problems: voteProblemCodes,
    handle: retract,
  }),
  guarded({
    method: 'post',
    path: '/v1/reviews/{id}/questions',
    name: 'askQuestion',
    summary: 'Asks the agent, or the person for whom it acts, before deciding.',
    access: { to: 'people', action: 'api:reviews.question', agentCode: 'vote.not_a_person' },
    params: byId,
    body: QuestionRequest,
    answer: json(Review, 'The review with the question.'),
    problems: voteProblemCodes,
    handle: question,
  }),
  guarded({
    method: 'post',
    path: '/v1/reviews/{id}/questions/{question}/answer',
    name: 'answerQuestion',
    summary: 'Answers a question: the agent whose review it is, or the person for whom it acts.',
    access: { to: 'principals', action: 'api:reviews.answer' },
    params: byQuestion,
    body: AnswerRequest,
    answer: json(ReviewState, 'The state of the review with the answer.'),
    problems: voteProblemCodes,
    handle: answer,
  }),
  ...standingRoutes,
  guarded({
    method: 'get',
    path: '/v1/bundles/{session}',
    name: 'getBundle',
    summary: 'Reads the pending reviews of one session, each whole, in the order in which they were opened.',
    access: people('api:reviews.read'),
    params: bySession,
    answer: json(Bundle, 'The bundle; empty where nothing of the session waits.'),
    problems: [],
    handle: readBundle,
  }),
  guarded({
    method: 'post',
    path: '/v1/bundles/{session}/votes',
    name: 'voteOnBundle',
    summary:
      'Votes on reviews of one session, each by itself: the answer says of each whether its vote counts.',
    access: { to: 'people', action: 'api:reviews.vote', agentCode: 'vote.not_a_person' },
    params: bySession,
    body: BundleVoteRequest,
    answer: json(BundleVoteResults, 'One result a vote, in their order. A refused vote is a result, too.'),
    problems: [],
    handle: voteOnBundle,
  }),
  guarded({
    method: 'get',
    path: '/v1/events',
    name: 'events',
    summary: 'Streams changes of reviews as server-sent events; resumes by Last-Event-ID.',
    access: people('api:events.read'),
    headers: resumed,
    answer: {
      contentType: 'text/event-stream',
      schema: ReviewEvent,
      description: 'Each data line is an Event.',
    },
    problems: ['request.too_many_streams'],
    handle: streamReviewEvents,
  }),
  ...actionRoutes,
  ...chatRoutes,
  guarded({
    method: 'get',
    path: '/v1/usage',
    name: 'usage',
    summary: 'Reports which data was used, by whom, on whose behalf.',
    access: people('api:usage.read'),
    query: UsageQuery,
    answer: json(UsageReport, 'The report, over whole hours.'),
    problems: [],
    handle: readUsage,
  }),
  guarded({
    method: 'get',
    path: '/v1/attention',
    name: 'attention',
    summary: 'Reports what waits for whom, how people decide, and which agents ask too much.',
    access: people('api:attention.read'),
    query: AttentionQuery,
    answer: json(AttentionReport, 'The report.'),
    problems: [],
    handle: readAttention,
  }),
  guarded({
    method: 'get',
    path: '/v1/ledger',
    name: 'ledgerStatus',
    summary: 'Says how large the ledger is, and which key signs it.',
    access: people('api:ledger.read'),
    answer: json(LedgerStatus, 'The status of the ledger.'),
    problems: [],
    handle: readLedger,
  }),
  guarded({
    method: 'get',
    path: '/v1/ledger/entries',
    name: 'ledgerEntries',
    summary: 'Exports the leaves as they are, in order.',
    access: people('api:ledger.read'),
    query: EntryQuery,
    answer: json(EntryPage, 'A page of leaves.'),
    problems: [],
    handle: readEntries,
  }),
  guarded({
    method: 'get',
    path: '/v1/ledger/checkpoint',
    name: 'checkpoint',
    summary: 'Publishes and reads the signed checkpoint (C2SP tlog-checkpoint).',
    access: people('api:ledger.read'),
    answer: text('The checkpoint, a signed note.'),
    problems: ['checkpoint.not_found'],
    handle: readCheckpoint,
  }),
  guarded({
    method: 'get',
    path: '/v1/ledger/tile/{path+}',
    name: 'tile',
    summary: 'Reads a tile of hashes or a bundle of entries (C2SP tlog-tiles).',
    access: people('api:ledger.read'),
    params: z.object({
      path: z.string().max(200).meta({ description: 'For example `0/000` or `entries/000.p/5`.' }),
    }),
    answer: {
      contentType: 'application/octet-stream',
      schema: z.string().meta({ format: 'binary' }),
      description: 'The tile.',
    },
    problems: ['tile.not_found'],
    handle: readTile,
  }),
  guarded({
    method: 'get',
    path: '/v1/actions/{id}/receipt',
    name: 'receipt',
    summary: 'Reads the offline proof of an action; the id of its review does too.',
    access: people('api:receipts.read'),
    params: z.object({
      id: z.string().max(200).meta({ description: 'The id of the action or of its review.' }),
    }),
    answer: text('The receipt (C2SP tlog-proof).'),
    problems: ['receipt.not_found'],
    handle: readReceipt,
  }),
  guarded({
    method: 'get',
    path: '/v1/openapi.json',
    name: 'openapi',
    summary: 'Reads this document.',
    access: { to: 'principals', action: 'api:document.read' },
    answer: json(z.record(z.string(), z.unknown()), 'The OpenAPI 3.1 document.'),
    problems: [],
    handle: async (_call, _principal, serving) => ({ kind: 'json', body: serving.document() }),
  }),
  open({
    method: 'get',
    path: '/healthz',
    name: 'health',
    summary: 'Says that the process answers.',
    access: { to: 'public', because: 'a supervisor asks it and has no credential; it says nothing else' },
    answer: text('`ok`'),
    problems: [],
    handle: async () => ({ kind: 'text', body: 'ok\n' }),
  }),
  open({
    method: 'get',
    path: '/reviews/{id}',
    name: 'decidePage',
    summary: 'Tells a person who followed a link how to decide.',
    access: { to: 'public', because: 'a browser has no token; the text is the same for every id' },
    params: byId,
    answer: text('How to decide with the command line.'),
    problems: [],
    handle: decidePage,
  }),
  ...catalogRoutes,
  ...custodyRoutes,
  ...authorityRoutes,
  ...channelRoutes,
  ...passkeyRoutes,
  ...breakGlassRoutes,
  ...pages,
];
