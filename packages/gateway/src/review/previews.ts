/** Evidence for reviewers: asked for once a review is durable, bounded, and never in the way of the hold. */
import type { ReviewId } from '../core/ids.ts';
import type { Preview, PreviewFinding } from '../core/preview.ts';
import type { Review } from '../core/review.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Previewer } from '../ports.ts';

export interface PreviewsPorts {
  readonly clock: Clock;
  readonly limits: Limits;
  /** By target; no evidence is made about actions on others. */
  readonly previewers: ReadonlyMap<string, Previewer>;
  /** Makes the findings part of the review, where it is still pending. May reject. */
  readonly attach: (review: ReviewId, preview: Preview) => Promise<void>;
}

/** What a review that is about to be opened has to do with its preview. One of `start` and `drop` is called, once. */
export interface Planned {
  /** What is known before anything is asked: that there is no room. Null: nothing, or not yet. */
  readonly preview: Preview | null;
  /** The review is durable. */
  start(): void;
  /** It was not opened. */
  drop(): void;
}

const nothing = (): void => undefined;
const NONE: Planned = { preview: null, start: nothing, drop: nothing };

/** Those of one target that run or wait, in the order in which they came. */
interface Lane {
  places: number;
  running: number;
  readonly waiting: Set<() => void>;
}

export class Previews {
  readonly #ports: PreviewsPorts;
  readonly #lanes = new Map<string, Lane>();
  readonly #underWay = new Map<ReviewId, Promise<void>>();

  constructor(ports: PreviewsPorts) {
    this.#ports = ports;
  }

  /** Takes a place before the review can be seen, so that whoever sees it can wait for what comes. */
  plan(review: Review): Planned {
    const { name } = review.subject.target;
    const previewer = this.#ports.previewers.get(name);
    if (previewer === undefined) return NONE;
    const lane = this.#lane(name);
    const { previewsAtOnce, previewsWaiting } = this.#ports.limits;
    if (lane.places >= previewsAtOnce + previewsWaiting)
      return { ...NONE, preview: { atMs: review.openedAtMs, findings: [unavailable(CROWDED)] } };
    lane.places++;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay.set(review.id, promise);
    const end = (): void => {
      lane.places--;
      this.#underWay.delete(review.id);
      resolve();
    };
    return { preview: null, start: () => void this.#run(review, previewer, lane).finally(end), drop: end };
  }

  #lane(target: string): Lane {
    let lane = this.#lanes.get(target);
    if (lane === undefined) this.#lanes.set(target, (lane = { places: 0, running: 0, waiting: new Set() }));
    return lane;
  }

  /** Never rejects: whatever fails, the review goes on without its preview. */
  async #run(review: Review, previewer: Previewer, lane: Lane): Promise<void> {
    const { clock, limits, attach } = this.#ports;
    const stop = new AbortController();
    const cancel = clock.after(limits.previewMs, () => stop.abort());
    try {
      const findings = (await this.#turn(lane, stop.signal))
        ? await this.#ask(review, previewer, lane, stop.signal)
        : [unavailable(CROWDED)];
      await attach(review.id, { atMs: clock.nowMs(), findings: findings.map(bounded(limits)) });
    } catch {
      // Lost infrastructure: the review stays as it is, and the store refuses every vote on it.
    } finally {
      cancel();
    }
  }

  /** Whether its turn came before its time was over. */
  #turn(lane: Lane, signal: AbortSignal): Promise<boolean> {
    if (lane.running < this.#ports.limits.previewsAtOnce) {
      lane.running++;
      return Promise.resolve(true);
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const go = (): void => resolve(true);
    lane.waiting.add(go);
    const giveUp = (): void => {
      if (lane.waiting.delete(go)) resolve(false);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    return promise;
  }

  async #ask(
    { subject }: Review,
    previewer: Previewer,
    lane: Lane,
    signal: AbortSignal,
  ): Promise<readonly PreviewFinding[]> {
    const asked = Promise.resolve().then(() => previewer.preview(subject, signal));
    // The place is given away when the previewer is done, however long that takes: the bound is on what the target bears.
    void asked.catch(nothing).finally(() => this.#next(lane));
    try {
      const findings = await Promise.race([asked, this.#patience(signal)]);
      return findings.slice(0, this.#ports.limits.previewFindings);
    } catch {
      return [unavailable(FAILED)];
    }
  }

  #next(lane: Lane): void {
    const [go] = lane.waiting;
    if (go === undefined) lane.running--;
    else {
      lane.waiting.delete(go);
      go();
    }
  }

  #patience(signal: AbortSignal): Promise<readonly PreviewFinding[]> {
    const { promise, resolve } = Promise.withResolvers<readonly PreviewFinding[]>();
    const { clock, limits } = this.#ports;
    const late = (): void => void clock.after(limits.previewGraceMs, () => resolve([unavailable(LATE)]));
    signal.addEventListener('abort', late, { once: true });
    return promise;
  }

  /** Resolves when no preview of this review is under way here. */
  settled(review: ReviewId): Promise<void> {
    return this.#underWay.get(review) ?? Promise.resolve();
  }
}

const TITLE = 'What it would do';
const CROWDED = 'Too many reviews of this target were opened at the same time to look into each.';
const LATE = 'The target did not answer in time.';
const FAILED = 'The gateway could not find out.';

const unavailable = (text: string): PreviewFinding => ({
  kind: 'plan',
  title: TITLE,
  text,
  basis: 'unavailable',
});

/** A text that is cut would say something else; one that nobody could read says that it is too long. */
const bounded =
  ({ previewTextCharacters }: Limits) =>
  (finding: PreviewFinding): PreviewFinding =>
    finding.text.length <= previewTextCharacters
      ? finding
      : { ...finding, text: 'This is too long to be shown.', basis: 'unavailable' };
