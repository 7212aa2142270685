/** Dialogs that people open and send in Teams. Each is answered with the next one, or with a line in its place. */
import { cardOf, type Card } from '../../core/card.ts';
import type { ReviewId } from '../../core/ids.ts';
import type { Review } from '../../core/review.ts';
import type { ShownValue } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import type { Clock, PolicyEngine, ReviewDesk } from '../../ports.ts';
import type { Judgment, Refused } from '../chat-deciding.ts';
import type { Actor, TaskInvoke } from './activity.ts';
import { dialogOf, told, type TaskAnswer } from './dialogs.ts';
import { NOT_YET, type Judgments } from './judgments.ts';
import type { People } from './people.ts';
import { VERBS } from './verbs.ts';

export interface TaskPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly desk: Pick<ReviewDesk, 'show'>;
  readonly policy: Pick<PolicyEngine, 'mayCall'>;
  readonly review: (id: ReviewId) => Promise<Review | null>;
  readonly publicUrl: string;
  readonly people: People;
  readonly judgments: Judgments;
}

type Shown = TaskInvoke & { readonly shown: ShownValue };

export class Tasks {
  readonly #ports: TaskPorts;

  constructor(ports: TaskPorts) {
    this.#ports = ports;
  }

  /** A dialog shows something of the action, so that only people who may read, or are asked, get one. */
  async open(invoke: Shown): Promise<TaskAnswer> {
    const { people, policy, judgments } = this.#ports;
    const identified = await people.identify(invoke.actor);
    const right = invoke.verb === VERBS.answer ? 'api:reviews.answer' : 'api:reviews.read';
    if (identified.ok && policy.mayCall(identified.value, right)) return this.#dialog(invoke, {});
    const refused: Refused = identified.ok
      ? { kind: 'person', message: `No policy permits you Action::"${right}".`, link: null }
      : { kind: 'person', ...identified.error };
    await judgments.refused(invoke.actor, invoke.shown.review, refused);
    return this.#again(invoke, refused);
  }

  async submit(invoke: Shown): Promise<TaskAnswer> {
    const judgment = judgmentOf(invoke);
    if (judgment === undefined) return told(NOT_OURS);
    const decided = await this.#ports.judgments.decide(judgment);
    if (decided === undefined) return told(NOT_YET);
    return decided.ok ? told('It is recorded.') : this.#again(invoke, decided.error);
  }

  /** With what was written, so that nobody writes it twice. */
  #again(invoke: Shown, refused: Refused): TaskAnswer | Promise<TaskAnswer> {
    const message = `Not counted. ${refused.message}`;
    if (refused.kind !== 'person') return this.#dialog(invoke, { told: message });
    return refused.link === null
      ? told(message)
      : this.#dialog(invoke, { told: message, link: refused.link });
  }

  async #dialog(
    invoke: Shown,
    more: { readonly told?: string; readonly link?: string },
  ): Promise<TaskAnswer> {
    const card = await this.#card(invoke.shown.review);
    if (card === undefined) return told(more.told ?? 'There is no such review.');
    if (!card.isOpen) return told(more.told ?? card.state);
    return dialogOf(card, { ...invoke, ...more }, this.#ports.limits);
  }

  async #card(id: ReviewId): Promise<Card | undefined> {
    const { clock, desk, publicUrl, review } = this.#ports;
    const found = await review(id);
    return found === null
      ? undefined
      : cardOf(found, { ...desk.show(found), nowMs: clock.nowMs(), publicUrl });
  }
}

export const NOT_OURS =
  'This button is not one of Sallyport’s, or from another time. Open the review in the browser.';

/** Undefined for an answer to nothing. */
function judgmentOf({
  actor,
  occasion,
  shown,
  verb,
  asked,
  written,
  to,
}: Shown): Judgment<Actor> | undefined {
  const of = (act: Judgment<Actor>['act']): Judgment<Actor> => ({ actor, shown, occasion, act });
  if (verb === VERBS.reject) return of({ kind: 'reject', reason: written });
  if (verb === VERBS.ask) return of({ kind: 'ask', to, text: written });
  return asked === undefined ? undefined : of({ kind: 'answer', question: asked, text: written });
}
