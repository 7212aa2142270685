/**
 * What people press, write and type in Slack. `handle` resolves with what Slack is to be told within its three seconds;
 * whatever takes longer goes on behind it, and reaches the person as a message that only they see.
 */
import { cardOf, type Card } from '../../core/card.ts';
import type { ReviewId } from '../../core/ids.ts';
import { parseId } from '../../core/ids.ts';
import type { Review } from '../../core/review.ts';
import { parseValue, type ShownValue } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, PolicyEngine, ReviewDesk } from '../../ports.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Deciding, Decided, Judgment, Refused } from '../chat-deciding.ts';
import { answerOf, linkAnswer, listed } from './answers.ts';
import { ACTIONS, messageOf } from './message.ts';
import { answerModal, askModal, CALLBACKS, detailsModal, FIELDS, rejectModal, toldModal } from './modals.ts';
import type { Actor, Incoming } from './payload.ts';
import type { People } from './people.ts';
import { escapeMarkup } from './rich-text.ts';
import type { Answered, SlackWeb } from './web.ts';

export interface InteractionPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly desk: Pick<ReviewDesk, 'show' | 'previewed'>;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly review: (id: ReviewId) => Promise<Review | null>;
  /** Newest first, as many as are listed. */
  readonly pending: () => Promise<readonly Review[]>;
  readonly publicUrl: string;
  readonly people: People;
  readonly deciding: Deciding<Actor>;
  readonly web: Pick<SlackWeb, 'openModal' | 'openDirect' | 'post' | 'respond'>;
  /** Records that somebody who may not decide tried to; resolves when that is durable. */
  readonly recordRefused: (actor: Actor, review: ReviewId | null) => Promise<void>;
  readonly log: Pick<Log, 'failed'>;
}

/** What Slack is told; null: nothing but that it arrived. */
export type Acknowledgement = object | null;

type Click = Extract<Incoming, { kind: 'click' }>;
type Submission = Extract<Incoming, { kind: 'submission' }>;
type Command = Extract<Incoming, { kind: 'command' }>;

const NOT_YET =
  'Your decision can’t be recorded at the moment, so it doesn’t count yet. It is tried again for a quarter of an hour; you are told what came of it.';
const NOT_OURS =
  'This button is not one of Sallyport’s, or from another time. Open the review in the browser.';

export class Interactions {
  readonly #ports: InteractionPorts;
  readonly #behind = new Set<Promise<void>>();

  constructor(ports: InteractionPorts) {
    this.#ports = ports;
  }

  async handle(incoming: Incoming): Promise<Acknowledgement> {
    switch (incoming.kind) {
      case 'click':
        return this.#click(incoming);
      case 'submission':
        return this.#submit(incoming);
      case 'command':
        this.#later(() => this.#command(incoming));
        return null;
      case 'nothing':
        return null;
    }
  }

  /** Resolves when nothing goes on behind an acknowledgement any more. */
  async settled(): Promise<void> {
    while (this.#behind.size > 0) await Promise.all(this.#behind);
  }

  /** What fails there is told to nobody but the log: Slack may be away, and what was decided is in the ledger. */
  #later(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => this.#ports.log.failed({ where: 'slack', error }))
      .finally(() => this.#behind.delete(done));
    this.#behind.add(done);
  }

  async #click(click: Click): Promise<Acknowledgement> {
    const links: readonly string[] = [ACTIONS.open, ACTIONS.sign, ACTIONS.link];
    if (links.includes(click.action)) return null;
    const shown = parseValue(click.value);
    if (shown === undefined) {
      this.#later(() => this.#answer(click.responseUrl, { text: NOT_OURS, replaces: false }));
      return null;
    }
    if (click.action === ACTIONS.approve) return this.#approve(click, shown);
    this.#later(() => this.#open(click, shown));
    return null;
  }

  async #approve(click: Click, shown: ShownValue): Promise<null> {
    const { actor, occasion, responseUrl } = click;
    const { decided, delayed } = this.#ports.deciding.decide({
      actor,
      shown,
      occasion,
      act: { kind: 'approve' },
    });
    this.#later(async () => {
      if ((await Promise.race([decided, delayed, this.#tooLong()])) === undefined)
        await this.#answer(responseUrl, { text: NOT_YET, replaces: false });
    });
    this.#later(async () => this.#tell(click, shown, await decided));
    // Acknowledged when it is durable, or when its author is told that it isn't.
    await Promise.race([decided, delayed, this.#tooLong()]);
    return null;
  }

  #tooLong(): Promise<void> {
    const { clock, limits } = this.#ports;
    return new Promise((resolve) => void clock.after(limits.slackAckMs, resolve));
  }

  /** What came of a click, to whoever clicked; a message that shows what isn't so any more is put right. */
  async #tell({ actor, responseUrl }: Click, shown: ShownValue, decided: Decided): Promise<void> {
    if (decided.ok) return this.#answer(responseUrl, { text: 'Your vote is recorded.', replaces: false });
    await this.#refused(actor, shown.review, decided.error);
    await this.#answer(responseUrl, answerOf(decided.error));
    if (decided.error.kind === 'desk') await this.#refresh(shown.review, responseUrl);
  }

  async #refused(actor: Actor, review: ReviewId | null, { kind }: Refused): Promise<void> {
    // The desk records what it refuses by itself.
    if (kind === 'person') await this.#ports.recordRefused(actor, review);
  }

  async #refresh(id: ReviewId, responseUrl: string | null): Promise<void> {
    const card = await this.#card(id);
    if (card !== undefined)
      await this.#answer(responseUrl, { ...messageOf(card, this.#ports.limits), replaces: true });
  }

  async #answer(url: string | null, answer: Answered): Promise<void> {
    if (url !== null) await this.#ports.web.respond(url, answer);
  }

  async #card(id: ReviewId): Promise<Card | undefined> {
    const { desk, review, publicUrl, clock } = this.#ports;
    const found = await review(id);
    return found === null
      ? undefined
      : cardOf(found, { ...desk.show(found), nowMs: clock.nowMs(), publicUrl });
  }

  /** A modal shows something of the action, so that only people who may read get one. */
  async #open({ actor, action, value, trigger, responseUrl }: Click, { review }: ShownValue): Promise<void> {
    const { limits, web } = this.#ports;
    const question = questionOf(ACTIONS.answer, action);
    const right = question === undefined ? 'api:reviews.read' : 'api:reviews.answer';
    if (!(await this.#may(right, actor, { review, responseUrl }))) return;
    const card = await this.#card(review);
    if (card === undefined)
      return this.#answer(responseUrl, { text: 'There is no such review.', replaces: false });
    if (!card.isOpen) {
      await this.#answer(responseUrl, { text: escapeMarkup(card.state), replaces: false });
      // What somebody is asked is put right by the outbox: theirs is another message.
      return question === undefined ? this.#refresh(review, responseUrl) : undefined;
    }
    if (question !== undefined)
      await web.openModal(trigger, answerModal(value, question, card.heading, limits));
    else if (action === ACTIONS.reject)
      await web.openModal(trigger, rejectModal(value, card.heading, limits));
    else if (action === ACTIONS.ask) await web.openModal(trigger, askModal(value, card.heading, limits));
    else if (action === ACTIONS.details) await web.openModal(trigger, detailsModal(card, limits));
    else await this.#answer(responseUrl, { text: NOT_OURS, replaces: false });
  }

  async #may(
    action: string,
    actor: Actor,
    { review, responseUrl }: { readonly review: ReviewId | null; readonly responseUrl: string | null },
  ): Promise<boolean> {
    const { people, policy } = this.#ports;
    const identified = await people.identify(actor);
    if (identified.ok && policy.mayCall(identified.value, action)) return true;
    const message = `No policy permits you Action::"${action}".`;
    const refused: Refused = identified.ok
      ? { kind: 'person', message, link: null }
      : { kind: 'person', ...identified.error };
    await this.#refused(actor, review, refused);
    await this.#answer(responseUrl, answerOf(refused));
    return false;
  }

  async #submit(submission: Submission): Promise<Acknowledgement> {
    const judgment = judgmentOf(submission);
    if (judgment === undefined) return null;
    const { decided, delayed } = this.#ports.deciding.decide(judgment);
    const first = await Promise.race([decided, delayed, this.#tooLong()]);
    if (first === undefined) {
      this.#later(async () => this.#tellDirectly(judgment, await decided));
      return { response_action: 'update', view: toldModal(NOT_YET) };
    }
    if (first.ok) return null;
    const { error } = first;
    this.#later(() => this.#refused(judgment.actor, judgment.shown.review, error));
    if (error.kind === 'person' && error.link !== null) return linkAnswer(error.message, error.link);
    const field = FIELD_OF[judgment.act.kind];
    return { response_action: 'errors', errors: { [field]: error.message } };
  }

  /** A modal that is gone has nowhere to answer. */
  async #tellDirectly({ actor, shown }: Judgment<Actor>, decided: Decided): Promise<void> {
    const { web } = this.#ports;
    if (!decided.ok) await this.#refused(actor, shown.review, decided.error);
    const { text, blocks = [] } = answerOf(decided.ok ? null : decided.error);
    const channel = await web.openDirect(actor.user);
    await web.post({ channel, text, blocks, thread: null, delivery: null });
  }

  async #command({ actor, text, responseUrl }: Command): Promise<void> {
    const [verb = '', id = '', ...more] = text.split(/\s+/);
    const review = verb === 'show' && more.length === 0 ? (parseId('rev', id) ?? null) : null;
    const isList = verb === 'pending' && id === '';
    if (!isList && review === null) return this.#answer(responseUrl, { text: USAGE, replaces: false });
    const right = review === null ? 'api:reviews.list' : 'api:reviews.read';
    if (!(await this.#may(right, actor, { review, responseUrl }))) return;
    if (review === null) return this.#answer(responseUrl, listed(await this.#ports.pending(), this.#ports));
    await this.#ports.desk.previewed(review);
    const card = await this.#card(review);
    if (card === undefined)
      return this.#answer(responseUrl, { text: 'There is no such review.', replaces: false });
    await this.#answer(responseUrl, { ...messageOf(card, this.#ports.limits), replaces: false });
  }
}

/** Where a modal says why it doesn't count. */
const FIELD_OF = {
  approve: FIELDS.reason,
  reject: FIELDS.reason,
  ask: FIELDS.question,
  answer: FIELDS.answer,
} as const;

/** Of `PREFIX.ID`; undefined for anything else. */
function questionOf(prefix: string, name: string): number | undefined {
  const id = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : '';
  return /^[1-9]\d{0,5}$/.test(id) ? Number(id) : undefined;
}

const USAGE = 'Write `/sallyport pending`, or `/sallyport show rev_…`.';

/** Undefined for a modal in which nothing is decided, or one of somebody else's. */
function judgmentOf({ actor, callback, value, occasion, fields }: Submission): Judgment<Actor> | undefined {
  const shown = parseValue(value);
  if (shown === undefined) return undefined;
  if (callback === CALLBACKS.reject)
    return { actor, shown, occasion, act: { kind: 'reject', reason: fields[FIELDS.reason] ?? '' } };
  const question = questionOf(CALLBACKS.answer, callback);
  if (question !== undefined)
    return {
      actor,
      shown,
      occasion,
      act: { kind: 'answer', question, text: fields[FIELDS.answer] ?? '' },
    };
  if (callback !== CALLBACKS.ask) return undefined;
  const to = fields[FIELDS.to] === 'sponsor' ? 'sponsor' : 'agent';
  return { actor, shown, occasion, act: { kind: 'ask', to, text: fields[FIELDS.question] ?? '' } };
}
