import type { z } from 'zod';
import {
  type ActionRequest,
  ActionState,
  type AnswerRequest,
  AttentionReport,
  BreakGlass,
  type BreakGlassClosing,
  BreakGlassOffer,
  BreakGlassPage,
  type BreakGlassRequest,
  type BreakGlassSignature,
  Bundle,
  type BundleVoteRequest,
  BundleVoteResults,
  CatalogScan,
  EntryPage,
  IssuedGrant,
  Erasure,
  type ErasureRequest,
  KeyRotation,
  LedgerStatus,
  type OutcomeReport,
  type ProposalRequest,
  type QuestionRequest,
  Replay,
  type ReplayRequest,
  Passkey,
  PasskeyList,
  RegistrationOffer,
  type RegistrationRequest,
  Review,
  ReviewGroups,
  ReviewPage,
  ReviewState,
  type RetractRequest,
  type RevocationRequest,
  StandingGrant,
  StandingPage,
  UsageReport,
  type VoteChallengeRequest,
  StandingVoteOffer,
  VoteOffer,
  type VoteRequest,
} from './contract/index.ts';
import { AuthorityClient } from './authority-client.ts';
import type {
  ActionWait,
  BreakGlassFilter,
  KnownAction,
  LedgerEntry,
  Repeatable,
  ReviewFilter,
  StandingFilter,
  UsageFilter,
} from './client-asks.ts';
import { query } from './query.ts';
import { ChannelsClient } from './client-channels.ts';
import { ChatLinks } from './client-chat.ts';
import { SallyportError } from './errors.ts';
import { type EventOptions, type ReceivedEvent, streamEvents } from './events.ts';
import { type ClientOptions, createTransport, type Init, type Transport } from './transport.ts';

export type * from './client-asks.ts';

/** The gateway ends a scan by itself after a minute. */
const SCAN_TIMEOUT_MS = 90_000;

/** The API of one gateway, for one token. Every method rejects with a `SallyportError` and nothing else. */
export class SallyportClient {
  readonly #transport: Transport;
  /** Who decides, who decides in whose place, and by what rules. */
  readonly authority: AuthorityClient;

  /** Who outside is told of reviews, and what they are owed. */
  readonly channels = new ChannelsClient((schema, path, init) => this.#json(schema, path, init));

  /** The caller's accounts in chats. */
  readonly chatLinks = new ChatLinks((schema, path, init) => this.#json(schema, path, init));

  constructor(options: ClientOptions) {
    this.#transport = createTransport(options);
    this.authority = new AuthorityClient((schema, path, init) => this.#json(schema, path, init));
  }

  /** Newest first. */
  listReviews(filter: ReviewFilter = {}): Promise<ReviewPage> {
    return this.#json(ReviewPage, `/v1/reviews${query({ ...filter })}`);
  }

  /** What waits, by what looks alike; the largest groups first. */
  listReviewGroups(filter: Pick<ReviewFilter, 'agent' | 'limit'> = {}): Promise<ReviewGroups> {
    return this.#json(ReviewGroups, `/v1/review-groups${query({ ...filter })}`);
  }

  getReview(id: string): Promise<Review> {
    return this.#json(Review, `/v1/reviews/${encodeURIComponent(id)}`);
  }

  /** What an agent may ask about a review that it caused. */
  getReviewState(id: string): Promise<ReviewState> {
    return this.#json(ReviewState, `/v1/reviews/${encodeURIComponent(id)}/state`);
  }

  /** Resolves with the review after the vote, when the vote is durable. */
  vote(id: string, vote: VoteRequest, repeatable: Repeatable = {}): Promise<Review> {
    const path = `/v1/reviews/${encodeURIComponent(id)}/votes`;
    return this.#json(Review, path, { method: 'POST', body: vote, headers: keyHeader(repeatable) });
  }

  /** Answers what a reviewer asked of this agent. */
  answerQuestion(review: string, question: number, text: string): Promise<ReviewState> {
    const path = `/v1/reviews/${encodeURIComponent(review)}/questions/${question}/answer`;
    return this.#json(ReviewState, path, { method: 'POST', body: { text } });
  }

  /** Says what the caller is about to do. Rejects where that is denied. `Sallyport.guard` does all of the steps. */
  submitAction(action: ActionRequest, repeatable: Repeatable = {}): Promise<ActionState> {
    const init = { method: 'POST', body: action, headers: keyHeader(repeatable) } as const;
    return this.#json(ActionState, '/v1/actions', init);
  }

  /** How an action of one's own stands; what is known already where there was no news in time. */
  async getAction(id: string, { seconds = 0, known, signal }: ActionWait = {}): Promise<KnownAction> {
    const path = actionPath(id, `?wait=${seconds}`);
    const late = AbortSignal.timeout((seconds + answerSeconds) * 1_000);
    const response = await this.#transport.send(path, {
      headers: known === undefined ? {} : { 'if-none-match': known.etag },
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
    if (response.status === 304 && known !== undefined) return known;
    const state = await this.#parse(ActionState, path, response);
    return { state, etag: response.headers.get('etag') ?? '' };
  }

  /** @param proof by the key that the grant is to be bound to (RFC 9449), for the action's `grantUrl`. */
  grantAction(id: string, proof: string): Promise<IssuedGrant> {
    return this.#json(IssuedGrant, actionPath(id, '/grant'), {
      method: 'POST',
      body: {},
      headers: { dpop: proof },
    });
  }

  /** Once. */
  reportOutcome(id: string, outcome: OutcomeReport): Promise<ActionState> {
    return this.#json(ActionState, actionPath(id, '/outcome'), { method: 'POST', body: outcome });
  }

  withdrawAction(id: string, reason = ''): Promise<ActionState> {
    return this.#json(ActionState, actionPath(id, '/withdraw'), { method: 'POST', body: { reason } });
  }

  /** Everything that its person is shown before they sign. Nothing runs by it. */
  prepareBreakGlass(request: BreakGlassRequest): Promise<BreakGlass> {
    return this.#json(BreakGlass, '/v1/break-glass', { method: 'POST', body: request });
  }

  /** Newest first. */
  listBreakGlass(filter: BreakGlassFilter = {}): Promise<BreakGlassPage> {
    return this.#json(BreakGlassPage, `/v1/break-glass${query({ ...filter })}`);
  }

  getBreakGlass(id: string): Promise<BreakGlass> {
    return this.#json(BreakGlass, breakGlassPath(id));
  }

  /** What a passkey has to sign. */
  challengeBreakGlass(
    id: string,
    shown: { readonly digest: string; readonly rendering: string },
  ): Promise<BreakGlassOffer> {
    return this.#json(BreakGlassOffer, breakGlassPath(id, '/challenge'), { method: 'POST', body: shown });
  }

  signBreakGlass(id: string, signature: BreakGlassSignature): Promise<BreakGlass> {
    return this.#json(BreakGlass, breakGlassPath(id, '/sign'), { method: 'POST', body: signature });
  }

  /** Once. @param proof by the key that the grant is to be bound to (RFC 9449), for the use's `grantUrl`. */
  grantBreakGlass(id: string, proof: string): Promise<IssuedGrant> {
    const init = { method: 'POST', body: {}, headers: { dpop: proof } } as const;
    return this.#json(IssuedGrant, breakGlassPath(id, '/grant'), init);
  }

  reportBreakGlass(id: string, outcome: OutcomeReport): Promise<BreakGlass> {
    return this.#json(BreakGlass, breakGlassPath(id, '/outcome'), { method: 'POST', body: outcome });
  }

  /** Another person's review of a use. */
  closeBreakGlass(id: string, closing: BreakGlassClosing): Promise<BreakGlass> {
    return this.#json(BreakGlass, breakGlassPath(id, '/review'), { method: 'POST', body: closing });
  }

  /** Takes the caller's own vote back, while the review is pending. */
  retract(id: string, request: RetractRequest = {}): Promise<Review> {
    const path = `/v1/reviews/${encodeURIComponent(id)}/votes/retract`;
    return this.#json(Review, path, { method: 'POST', body: request });
  }

  /** Asks the agent, or the person for whom it acts. The rendering changes with it: read the review again to vote. */
  ask(id: string, question: QuestionRequest): Promise<Review> {
    const path = `/v1/reviews/${encodeURIComponent(id)}/questions`;
    return this.#json(Review, path, { method: 'POST', body: question });
  }

  /** For the agent whose review it is, and for people for whom it acts. */
  answer(id: string, question: number, answer: AnswerRequest): Promise<ReviewState> {
    const path = `/v1/reviews/${encodeURIComponent(id)}/questions/${encodeURIComponent(question)}/answer`;
    return this.#json(ReviewState, path, { method: 'POST', body: answer });
  }

  /** The pending reviews of one session, whole. */
  getBundle(session: string): Promise<Bundle> {
    return this.#json(Bundle, `/v1/bundles/${encodeURIComponent(session)}`);
  }

  /** Votes one by one; resolves with one result a vote, of which some may be refusals. */
  voteOnBundle(session: string, request: BundleVoteRequest): Promise<BundleVoteResults> {
    const path = `/v1/bundles/${encodeURIComponent(session)}/votes`;
    return this.#json(BundleVoteResults, path, { method: 'POST', body: request });
  }

  /** Proposes leave for the like of an action under review; people vote on it. */
  proposeStandingGrant(review: string, proposal: ProposalRequest): Promise<StandingGrant> {
    const path = `/v1/reviews/${encodeURIComponent(review)}/standing-grants`;
    return this.#json(StandingGrant, path, { method: 'POST', body: proposal });
  }

  /** Newest first. */
  listStandingGrants(filter: StandingFilter = {}): Promise<StandingPage> {
    return this.#json(StandingPage, `/v1/standing-grants${query({ ...filter })}`);
  }

  getStandingGrant(id: string): Promise<StandingGrant> {
    return this.#json(StandingGrant, `/v1/standing-grants/${encodeURIComponent(id)}`);
  }

  voteOnStandingGrant(id: string, vote: VoteRequest): Promise<StandingGrant> {
    const path = `/v1/standing-grants/${encodeURIComponent(id)}/votes`;
    return this.#json(StandingGrant, path, { method: 'POST', body: vote });
  }

  /** At once: nothing begins under it after this resolves. */
  revokeStandingGrant(id: string, revocation: RevocationRequest): Promise<StandingGrant> {
    const path = `/v1/standing-grants/${encodeURIComponent(id)}/revoke`;
    return this.#json(StandingGrant, path, { method: 'POST', body: revocation });
  }

  /** Which recorded actions it would have covered. Changes nothing. */
  previewStandingGrant(ask: ReplayRequest): Promise<Replay> {
    return this.#json(Replay, '/v1/standing-grants/preview', { method: 'POST', body: ask });
  }

  /** The caller's own, revoked ones too. */
  async listPasskeys(): Promise<readonly Passkey[]> {
    return (await this.#json(PasskeyList, '/v1/passkeys')).passkeys;
  }

  /** What a browser hands to `navigator.credentials.create`; the page /passkeys of the gateway does it all. */
  offerPasskeyRegistration(): Promise<RegistrationOffer> {
    return this.#json(RegistrationOffer, '/v1/passkeys/registration', { method: 'POST', body: {} });
  }

  registerPasskey(registration: RegistrationRequest): Promise<Passkey> {
    return this.#json(Passkey, '/v1/passkeys', { method: 'POST', body: registration });
  }

  revokePasskey(id: string): Promise<Passkey> {
    const path = `/v1/passkeys/${encodeURIComponent(id)}/revoke`;
    return this.#json(Passkey, path, { method: 'POST', body: {} });
  }

  /** What one of the caller's passkeys has to sign for exactly this vote; it goes into `passkey` of the vote. */
  challengeVote(id: string, vote: VoteChallengeRequest): Promise<VoteOffer> {
    const path = `/v1/reviews/${encodeURIComponent(id)}/votes/challenge`;
    return this.#json(VoteOffer, path, { method: 'POST', body: vote });
  }

  /** The same for a vote on a proposed standing grant. */
  challengeStandingVote(id: string, vote: VoteChallengeRequest): Promise<StandingVoteOffer> {
    const path = `/v1/standing-grants/${encodeURIComponent(id)}/votes/challenge`;
    return this.#json(StandingVoteOffer, path, { method: 'POST', body: vote });
  }

  /** Connects again after interruptions and resumes where it was; iterate until `signal` ends it. */
  events(options: EventOptions = {}): AsyncGenerator<ReceivedEvent, void, void> {
    return streamEvents(this.#transport, options);
  }

  usage(filter: UsageFilter = {}): Promise<UsageReport> {
    return this.#json(UsageReport, `/v1/usage${query({ ...filter })}`);
  }

  /** What waits for whom, and how people decide. */
  attention(filter: Omit<UsageFilter, 'agent'> = {}): Promise<AttentionReport> {
    return this.#json(AttentionReport, `/v1/attention${query({ ...filter })}`);
  }

  /** Proposes classes for a target's data, from samples of it; nothing is changed. Takes up to a minute. */
  scanCatalog(target: string): Promise<CatalogScan> {
    const signal = AbortSignal.timeout(SCAN_TIMEOUT_MS);
    return this.#json(CatalogScan, '/v1/catalog/scans', { method: 'POST', body: { target }, signal });
  }

  /** For good. Resolves when the keys of the values are destroyed. */
  eraseValues(erasure: ErasureRequest): Promise<Erasure> {
    return this.#json(Erasure, '/v1/ledger/erasures', { method: 'POST', body: erasure });
  }

  /** Whoever verifies goes on trusting the key that they have: the hand-over leads from it to the next one. */
  rotateLedgerKey(): Promise<KeyRotation> {
    return this.#json(KeyRotation, '/v1/ledger/key/rotation', { method: 'POST', body: {} });
  }

  ledgerStatus(): Promise<LedgerStatus> {
    return this.#json(LedgerStatus, '/v1/ledger');
  }

  /** Every leaf from `from` to before `until`, in order, a page at a time. Throws where the gateway leaves a gap. */
  async *ledgerEntries(from: number, until: number): AsyncGenerator<LedgerEntry, void, void> {
    let next: number | null = from;
    while (next !== null && next < until) {
      const page: EntryPage = await this.#json(EntryPage, `/v1/ledger/entries${query({ from: next })}`);
      for (const entry of page.entries) {
        if (entry.index !== next) throw gap(next, entry.index);
        if (entry.index >= until) return;
        yield entry;
        next += 1;
      }
      if (page.entries.length === 0 && page.next !== null) throw gap(next, page.next);
      if (page.next === null) return;
    }
  }

  /** The signed checkpoint over everything that was durable when it was asked for. */
  checkpoint(): Promise<string> {
    return this.#text('/v1/ledger/checkpoint');
  }

  /** @param path as C2SP tlog-tiles writes it after `tile/`: `0/000`, `entries/x001/234.p/5`. */
  async tile(path: string): Promise<Uint8Array> {
    const response = await this.#transport.send(`/v1/ledger/tile/${path}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  /** The offline proof of an action, or of the action that a review was about. */
  receipt(id: string): Promise<string> {
    return this.#text(`/v1/actions/${encodeURIComponent(id)}/receipt`);
  }

  async #json<T>(schema: z.ZodType<T>, path: string, init?: Init): Promise<T> {
    return this.#parse(schema, path, await this.#transport.send(path, init));
  }

  async #parse<T>(schema: z.ZodType<T>, path: string, response: Response): Promise<T> {
    const parsed = schema.safeParse(await response.json().catch(() => undefined));
    if (parsed.success) return parsed.data;
    const detail = `the answer to ${path} is not of this contract: is this a Sallyport API of the same version?`;
    throw new SallyportError('client.unexpected_response', detail, response.status);
  }

  async #text(path: string): Promise<string> {
    const response = await this.#transport.send(path, { headers: { accept: 'text/plain' } });
    return response.text();
  }
}

/** Beyond the time that the gateway was asked to wait. */
const answerSeconds = 30;

const breakGlassPath = (id: string, rest = ''): string => `/v1/break-glass/${encodeURIComponent(id)}${rest}`;

const actionPath = (id: string, rest: string): string => `/v1/actions/${encodeURIComponent(id)}${rest}`;

const keyHeader = ({ idempotencyKey }: Repeatable): Record<string, string> =>
  idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };

function gap(expected: number, found: number): SallyportError {
  return new SallyportError(
    'client.unexpected_response',
    `the ledger's export goes on at entry ${found} instead of ${expected}`,
  );
}
