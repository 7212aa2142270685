/** Actions that no proxy sees: submitted over the API, performed by their callers under a signed grant. */
import { noticeEntry } from '../../core/entry.ts';
import type { Target } from '../../core/identity.ts';
import { refusal } from '../../core/reasons.ts';
import { err, ok } from '../../core/result.ts';
import { refusalOfEnd } from '../../core/review-end.ts';
import { changed, type Submission } from '../../core/submission.ts';
import type {
  ActionDesk,
  BreakGlassDesk,
  Mutation,
  OwnAction,
  RedeemAsk,
  RedeemedToken,
  SubmissionView,
  SubmitAsk,
} from '../../ports.ts';
import { BreakGlassCalls, type BreakGlassCallPorts } from './break-glass.ts';
import { Granting } from './granting.ts';
import { Performing } from './performing.ts';
import { attemptOf, Records, refuse, unavailable, type Acted, type ActionPorts } from './records.ts';
import { Submitting } from './submitting.ts';

export interface ApiConnectorOptions extends BreakGlassCallPorts {
  readonly targets: readonly Target[];
}

export class ApiConnector implements ActionDesk {
  readonly #ports: ActionPorts;
  readonly #records: Records;
  readonly #submitting: Submitting;
  readonly #granting: Granting;
  readonly #performing: Performing;
  /** What people run at once. */
  readonly breakGlass: BreakGlassDesk;

  constructor(options: ApiConnectorOptions) {
    this.#ports = options;
    this.#records = new Records(options);
    this.#performing = new Performing(options, this.#records);
    this.#submitting = new Submitting(options, this.#records, options.targets);
    this.#granting = new Granting(options, this.#records, this.#performing);
    this.breakGlass = new BreakGlassCalls(options, this.#records, this.#performing, options.targets);
  }

  /** Call after the ledger's recovery, before the API listens. */
  async start(): Promise<this> {
    await this.#performing.recover();
    return this;
  }

  async close(): Promise<void> {
    await this.#performing.close();
    this.#records.close();
  }

  get keys(): object {
    return this.#ports.issuer.keys;
  }

  get issuer(): string {
    return this.#ports.publicUrl;
  }

  submit(ask: SubmitAsk): Acted<SubmissionView> {
    return this.#submitting.submit(ask);
  }

  async read(own: OwnAction): Acted<SubmissionView> {
    const found = await this.#records.own(own);
    return found.ok ? this.#view(found.value) : found;
  }

  async #view(submission: Submission): Acted<SubmissionView> {
    try {
      return ok(await this.#records.view(submission));
    } catch {
      return unavailable();
    }
  }

  watch(view: SubmissionView, run: () => void): () => void {
    return this.#records.watch(view, run);
  }

  grant(ask: Parameters<ActionDesk['grant']>[0]): ReturnType<ActionDesk['grant']> {
    return this.#granting.grant(ask);
  }

  report(ask: Parameters<ActionDesk['report']>[0]): Acted<SubmissionView> {
    return this.#performing.report(ask);
  }

  redeem(ask: RedeemAsk): Acted<RedeemedToken> {
    return this.#performing.redeem(ask);
  }

  /** The agent gives up: its review is withdrawn, or the approval that it didn't use is revoked. */
  async withdraw(ask: OwnAction & { readonly reason: string }): Acted<SubmissionView> {
    const own = await this.#records.own(ask);
    if (!own.ok) return own;
    const { state } = own.value;
    if (state.status === 'granted' || state.status === 'ended')
      return refuse('action.over', 'Its grant was handed out: report what came of it.');
    if (state.status === 'refused') return err(state.refusal);
    // Of a person: the routes of agents don't lead here.
    if (state.status === 'break_glass')
      return refuse('action.not_found', 'There is no such action of yours.');
    try {
      return await this.#withdraw(own.value, ask.reason);
    } catch {
      return unavailable();
    }
  }

  async #withdraw(submission: Submission, reason: string): Acted<SubmissionView> {
    const { review, issued } = await this.#records.view(submission);
    if (review !== null && !['pending', 'approved'].includes(review.state.status))
      return err(refusalOfEnd(review));
    const { clock, store } = this.#ports;
    const atMs = clock.nowMs();
    const withdrawn = refusal('review.withdrawn', { review: review?.id ?? null });
    const after = changed(submission, { status: 'refused', atMs, refusal: withdrawn });
    const mutations: Mutation[] = [{ kind: 'submission.update', submission: after }];
    if (issued?.state.status === 'live') mutations.push({ kind: 'grant.revoke', id: issued.id, atMs });
    const details = { action: submission.id, agent: submission.requester.agent, review: review?.id ?? '' };
    const entries = [noticeEntry('action.withdrawn', details, atMs)];
    const committed = await store.commit({ mutations, entries });
    if (!committed.ok) return refuse('action.over', 'Something else came first: read the action again.');
    if (review?.state.status === 'pending') await this.#withdrawReview(submission, reason);
    this.#records.changed(submission.id);
    return this.#view(after);
  }

  /** Joins the review of the same bytes once more, to leave it for good; it goes on where somebody else waits for it. */
  async #withdrawReview(submission: Submission, reason: string): Promise<void> {
    const { gate } = this.#ports;
    const judgement = gate.judge(attemptOf(submission));
    if (judgement.decision.effect !== 'review') return;
    const held = await gate.hold({ ...judgement, action: { ...judgement.action, id: submission.id } }, []);
    if (held.ok) held.value.withdraw(reason === '' ? 'The agent gave up.' : reason);
  }
}
