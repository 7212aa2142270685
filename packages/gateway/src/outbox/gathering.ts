/** The deliveries that one message stands for: gathered, counted, and ended together when it has arrived. */
import type { Channel, GroupView } from '../channels/channel.ts';
import type { Delivery, SentMessage } from '../core/delivery.ts';
import { groupCardOf } from '../core/group-card.ts';
import type { ReviewId } from '../core/ids.ts';
import { kindOf, type MessageGroup, newGroup, recount, takesIn } from '../core/message-group.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { Clock, Mutation, Reads, Store } from '../ports.ts';
import { headOf } from './crowd.ts';

export interface GatheringPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly publicUrl: string;
}

interface Waiting {
  readonly delivery: Delivery;
  readonly message: SentMessage | null;
}

interface Taken extends Waiting {
  readonly review: Review | null;
}

type Ask = Omit<Reads['dueDeliveries']['ask'], 'limit'>;

export interface Gathered {
  readonly view: GroupView;
  /** Those beside the first. */
  readonly others: readonly Delivery[];
  /** What has to be committed when the message has arrived: all of it at once, so that no review is counted twice. */
  shownAs(reference: string | null): readonly Mutation[];
}

export class Gathering {
  readonly #ports: GatheringPorts;
  readonly #shows: Channel['shows'];
  /** Whether those that people are called by are taken in. */
  readonly #calls: boolean;

  constructor(ports: GatheringPorts, how: { readonly shows: Channel['shows']; readonly calls: boolean }) {
    this.#ports = ports;
    this.#shows = how.shows;
    this.#calls = how.calls;
  }

  async gather(ask: Ask, head: Waiting): Promise<Gathered> {
    const { store } = this.#ports;
    const before = await this.#groupFor(head);
    const due = await store.read('dueDeliveries', { ...ask, limit: limits.groupBatch });
    const rest = due.filter(({ delivery }) => delivery.id !== head.delivery.id);
    const joins = head.message?.group === undefined;
    const fitting = [head, ...rest.filter((each) => this.#fits(each, before, joins))];
    const taken = await Promise.all(
      fitting.map(async (each): Promise<Taken> => {
        return { ...each, review: await store.read('review', { id: each.delivery.review }) };
      }),
    );
    const group = taken.reduce(counting, before);
    const view = await this.#view(group, taken);
    const others = fitting.slice(1).map(({ delivery }) => delivery);
    return { view, others, shownAs: (reference) => endings(group, taken, reference ?? group.reference) };
  }

  /** A new group’s id is that of its first delivery: after a crash the same one is first again. */
  async #groupFor({ delivery, message }: Waiting): Promise<MessageGroup> {
    const { clock, store } = this.#ports;
    const { id, channel, destination } = delivery;
    const nowMs = clock.nowMs();
    const fresh = newGroup({ id, channel, destination, openedAtMs: nowMs });
    if (this.#shows === 'events') return fresh;
    if (message?.group !== undefined)
      return (await store.read('messageGroup', { id: message.group.id })) ?? fresh;
    const last = await store.read('lastGroup', { channel, destination });
    return last !== null && takesIn(last, nowMs, limits) ? last : fresh;
  }

  /** @param joins false: it is about reviews that are in the group already, which may be too old to take in others. */
  #fits({ delivery, message }: Waiting, { id }: MessageGroup, joins: boolean): boolean {
    const head = headOf(delivery, message, this.#shows);
    if (head === 'own' || (head === 'call' && !this.#calls)) return false;
    if (this.#shows === 'events') return true;
    return message === null ? joins : message.group?.id === id;
  }

  async #view(group: MessageGroup, taken: readonly Taken[]): Promise<GroupView> {
    const { clock, publicUrl } = this.#ports;
    const called = (kind: Delivery['notice']['kind']): readonly Review[] =>
      taken.flatMap(({ delivery, review }) =>
        delivery.notice.kind === kind && review?.state.status === 'pending' ? [review] : [],
      );
    const [escalated, reminded] = [called('escalate'), called('remind')];
    const card = groupCardOf(group, {
      oldest: await this.#oldest(group, taken),
      escalated: escalated.length,
      reminded: reminded.length,
      publicUrl,
    });
    return {
      id: group.id,
      destination: group.destination,
      card,
      reference: group.reference,
      called: [...escalated, ...reminded].slice(0, limits.groupCalledReviews),
      nowMs: clock.nowMs(),
    };
  }

  /** Of those that wait after this: ids of reviews sort by their time. */
  async #oldest(group: MessageGroup, taken: readonly Taken[]): Promise<ReviewId | null> {
    const known = await this.#ports.store.read('groupPending', { id: group.id, limit: taken.length + 1 });
    const over = new Set(taken.map(({ delivery }) => delivery.review));
    const waiting = taken.flatMap(({ review }) => (review?.state.status === 'pending' ? [review.id] : []));
    const [oldest = null] = [...known.filter((id) => !over.has(id)).slice(0, 1), ...waiting].sort();
    return oldest;
  }
}

/** A review that isn't there any more is counted as it was. */
function counting(group: MessageGroup, { message, review }: Taken): MessageGroup {
  if (review === null) return group;
  const from = message?.group?.id === group.id ? message.group.counted : null;
  return recount(group, kindOf(review), { from, to: review.state.status }, limits);
}

function endings(
  group: MessageGroup,
  taken: readonly Taken[],
  reference: string | null,
): readonly Mutation[] {
  const ends = taken.map(({ delivery: { id }, review }): Mutation => {
    if (review === null) return { kind: 'delivery.end', id, message: null };
    const counted = { id: group.id, counted: review.state.status };
    const message = { reference: reference ?? '', revision: review.revision, group: counted };
    return { kind: 'delivery.end', id, message };
  });
  return [{ kind: 'group.put', group: { ...group, reference } }, ...ends];
}
