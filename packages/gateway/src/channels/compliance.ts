import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery, Notice } from '../core/delivery.ts';
import { groupCardOf } from '../core/group-card.ts';
import { kindOf, newGroup, recount } from '../core/message-group.ts';
import type { Review } from '../core/review.ts';
import { limits } from '../limits.ts';
import type { Channel, DeliveryView, GroupView, Sending } from './channel.ts';

/** How the platform behind a channel answers: as it should, "not now, come back in 7 s", not at all, "never this". */
export type PlatformState = 'well' | 'busy' | 'away' | 'refusing';

/** A channel with the platform, real or played, that it speaks to. */
export interface ChannelFixture {
  readonly channel: Channel;
  /** A review that the channel routes, pending, and whose texts are those of `canaries`. */
  readonly review: Review;
  set(state: PlatformState): void | Promise<void>;
  /** Everything that reached the platform so far, in the order in which it came, as the text that was sent. */
  arrived(): readonly string[];
  dispose(): Promise<void>;
  /** States that this platform doesn't know: a terminal is never away. */
  readonly without?: readonly PlatformState[];
  /** What its `busy` says of the time to come back; default: 7 s. Null: this platform has no words for it. */
  readonly busyMs?: number | null;
  /** Whether the platform shows the action itself. Where it doesn't, nothing of it may arrive there. */
  readonly showsAction: boolean;
}

/** What must not arrive: words of the action where it isn't shown, and what nobody outside may see at all. */
export const canaries = {
  command: 'CANARY-command-7f3a',
  value: 'CANARY-value-19bd',
  salt: 'CANARY-salt-5e02',
  signature: 'CANARY-signature-a81c',
} as const;

const NOTICES: readonly Notice[] = [
  { kind: 'open' },
  { kind: 'update', change: 'previewed' },
  { kind: 'update', change: 'voted', vote: 0 },
  { kind: 'question', question: 1 },
  { kind: 'answer', question: 1 },
  { kind: 'remind', demands: [0] },
  { kind: 'escalate', demand: 0, step: 0 },
  { kind: 'close' },
  { kind: 'outcome', status: 'succeeded', rows: 3 },
];

const deliveryOf = (review: Review, notice: Notice, destination: string, channel: string): Delivery => ({
  id: `dlv_01kajbch80ym6p68habwrg7z${NOTICES.indexOf(notice).toString().padStart(2, '0')}`,
  channel,
  destination,
  review: review.id,
  revision: review.revision,
  notice,
  atMs: review.openedAtMs,
  attempts: 0,
  notBeforeMs: 0,
  state: 'waiting',
  problem: '',
});

const viewOf = (review: Review): DeliveryView => ({
  review,
  shown: { rendering: 'e'.repeat(64), standings: [] },
  url: `https://gate.example/reviews/${review.id}`,
  message: null,
  nowMs: review.openedAtMs + 1_000,
});

/** The fixture of the current test. */
class UnderTest {
  #fixture: ChannelFixture | undefined;

  set fixture(fixture: ChannelFixture) {
    this.#fixture = fixture;
  }

  get fixture(): ChannelFixture {
    if (this.#fixture === undefined) throw new Error('used outside of a test');
    return this.#fixture;
  }

  lacks(state: PlatformState): boolean {
    return this.fixture.without?.includes(state) === true;
  }

  routed(): { readonly notice: Notice; readonly destination: string }[] {
    const { channel, review } = this.fixture;
    return NOTICES.flatMap((notice) =>
      channel.route(review, notice).map((destination) => ({ notice, destination })),
    );
  }

  async send(notice: Notice, destination: string): Promise<Sending> {
    const { channel, review } = this.fixture;
    const delivery = deliveryOf(review, notice, destination, channel.name);
    return channel.deliver(delivery, viewOf(review), new AbortController().signal);
  }

  firstRouted(): { readonly notice: Notice; readonly destination: string } {
    const [first] = this.routed();
    if (first === undefined) throw new Error('the fixture’s review is routed nowhere');
    return first;
  }

  async sendFirst(destination?: string): Promise<Sending> {
    const first = this.firstRouted();
    return this.send(first.notice, destination ?? first.destination);
  }
}

/** What every channel must do. `make` is called for each test. */
export function channelCompliance(name: string, make: () => Promise<ChannelFixture>): void {
  describe(`${name} complies with the contract of channels`, () => {
    const at = new UnderTest();
    beforeEach(async () => {
      at.fixture = await make();
    });
    afterEach(() => at.fixture.dispose());
    noticesArrive(at);
    manyAreShownTogether(at);
    failuresAreTold(at);
    problemsAreFound(at);
  });
}

function noticesArrive(at: UnderTest): void {
  test('who is to hear of a review depends on nothing but the review and the notice', () => {
    const first = at.routed();
    expect(first.length).toBeGreaterThan(0);
    expect(at.routed()).toEqual(first);
    for (const { destination } of first) {
      expect(destination.length).toBeGreaterThan(0);
      expect(destination.length).toBeLessThanOrEqual(limits.destinationCharacters);
      expect(destination).not.toContain('CANARY');
    }
  });

  test('each notice that is routed arrives', async () => {
    for (const { notice, destination } of at.routed()) {
      const { kind } = await at.send(notice, destination);
      expect([notice.kind, kind]).toEqual([notice.kind, 'sent']);
    }
    expect(at.fixture.arrived().length).toBeGreaterThan(0);
  });

  test('no secret, and nothing of an action that isn’t shown there, arrives', async () => {
    for (const { notice, destination } of at.routed()) await at.send(notice, destination);
    const { showsAction } = at.fixture;
    const kept = showsAction ? [canaries.salt, canaries.signature] : Object.values(canaries);
    for (const text of at.fixture.arrived()) for (const canary of kept) expect(text).not.toContain(canary);
  });
}

const MANY = 40;

function groupOf(review: Review, destination: string, channel: string): Omit<GroupView, 'reference'> {
  const { id } = deliveryOf(review, { kind: 'open' }, destination, channel);
  let group = newGroup({ id, channel, destination, openedAtMs: review.openedAtMs });
  for (let count = 0; count < MANY; count++)
    group = recount(group, kindOf(review), { from: null, to: 'pending' }, limits);
  const told = { oldest: review.id, escalated: 1, reminded: 0, publicUrl: 'https://gate.example' };
  return { id, destination, card: groupCardOf(group, told), called: [review], nowMs: review.openedAtMs };
}

function manyAreShownTogether(at: UnderTest): void {
  test('many reviews are shown in one message, with their count and nothing of what they are about', async () => {
    const { channel, review } = at.fixture;
    if (channel.grouping === undefined) return;
    const { signal } = new AbortController();
    const { destination } = at.firstRouted();
    const view = groupOf(review, destination, channel.name);
    const first = await channel.grouping.deliver({ ...view, reference: null }, signal);
    if (first.kind !== 'sent') throw new Error(`it was ${first.kind}`);
    const again = await channel.grouping.deliver({ ...view, reference: first.reference }, signal);
    expect(again).toEqual(first);
    const text = at.fixture.arrived().join('\n');
    expect(text).toContain(`${MANY.toString()} reviews waiting for a decision`);
    expect(text).toContain('https://gate.example/reviews');
    for (const canary of Object.values(canaries)) expect(text).not.toContain(canary);
  });

  test('a platform that can’t take the message of many now is asked again', async () => {
    const { channel, review } = at.fixture;
    if (channel.grouping === undefined) return;
    await at.fixture.set('busy');
    const { destination } = at.firstRouted();
    const view = { ...groupOf(review, destination, channel.name), reference: null };
    const sending = await channel.grouping.deliver(view, new AbortController().signal);
    expect(sending).toMatchObject({ kind: 'later', retryAfterMs: expectedWaitMs(at.fixture) });
  });
}

const expectedWaitMs = ({ busyMs }: ChannelFixture): number | null => (busyMs === undefined ? 7_000 : busyMs);

function failuresAreTold(at: UnderTest): void {
  test('a platform that asks for patience gets it', async () => {
    if (at.lacks('busy')) return;
    await at.fixture.set('busy');
    const sending = await at.sendFirst();
    expect(sending).toMatchObject({ kind: 'later', retryAfterMs: expectedWaitMs(at.fixture) });
  });

  test('a platform that is away is tried again', async () => {
    if (at.lacks('away')) return;
    await at.fixture.set('away');
    const sending = await at.sendFirst().catch(() => ({ kind: 'later' }) as const);
    expect(sending.kind).toBe('later');
  });

  test('what the platform will never take is given up, with a reason in one line of our own words', async () => {
    if (at.lacks('refusing')) return;
    await at.fixture.set('refusing');
    const sending = await at.sendFirst();
    if (sending.kind !== 'failed') throw new Error(`it was ${sending.kind}`);
    expect(sending.problem).toMatch(/^[^\n\r]{1,300}$/);
    expect(sending.problem).not.toContain('CANARY');
  });

  test('a destination that isn’t there any more is given up', async () => {
    if (at.lacks('refusing')) return;
    expect((await at.sendFirst('gone-since')).kind).toBe('failed');
  });
}

function problemsAreFound(at: UnderTest): void {
  test('a sound set-up has no problems; each problem is one line', async () => {
    const { signal } = new AbortController();
    expect(await at.fixture.channel.check(signal)).toEqual([]);
    if (at.lacks('away')) return;
    await at.fixture.set('away');
    for (const problem of await at.fixture.channel.check(signal)) expect(problem).toMatch(/^[^\n\r]+$/);
  });
}
