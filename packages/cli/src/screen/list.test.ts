import { describe, expect, it } from 'vitest';
import { makeReview } from '../../../gateway/test/support/made-review.ts';
import { asked, event, type Made, openedAtMs, Play } from '../../test/play.ts';

describe('the list', () => {
  const inSession = (session: string, more: Parameters<typeof makeReview>[0] = {}): Made =>
    makeReview({ requester: { ...makeReview().subject.requester, session }, ...more });

  it('groups what one session waits for, where its oldest stands', () => {
    const [first, second, third] = [inSession('s1'), inSession('s2'), inSession('s1')];
    const { text } = new Play().list(third, second, first);
    expect(text).toMatch(/┌ 2 actions of reporter together, session s1\n▸ │ .*\n.*\n {2}│ .*\n.*\n {2}[█░]/);
  });

  it('takes in what opens, rings where it was asked to, and keeps the selection', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const play = new Play({ width: 80, height: 24 }, { rings: true }).list(first);
    play.tell(event(second, true));
    expect(play.text).toContain('2 wait');
    expect(play.effects).toContainEqual({ kind: 'bell' });
    expect(play.model.selected).toBe(first.id);
    expect(new Play().tell(event(second, true)).effects).not.toContainEqual({ kind: 'bell' });
  });

  it('keeps what is over for a while, and selects the next one then', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const over = { ...first, revision: 5, state: { status: 'expired' as const, resolvedAtMs: openedAtMs } };
    const play = new Play().list(first, second).tell(event(over));
    expect(play.text).toMatch(/▸ .*expired/);
    play.tell({ kind: 'tick', hereMs: 31_000 });
    expect(play.text).not.toContain('expired');
    expect(play.model.selected).toBe(second.id);
  });

  it('ignores what is older than what it knows, and loses nothing to a list that was on its way', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const newer = { ...first, revision: 7 };
    const play = new Play().tell(event(newer)).tell(event(second, true)).list(first);
    expect(play.model.items.get(first.id)?.summary.revision).toBe(7);
    expect(play.model.items.has(second.id)).toBe(true);
  });

  it('keeps nothing of what was over before it was heard of', () => {
    const first = inSession('s1');
    const over = { ...first, revision: 5, state: { status: 'expired' as const, resolvedAtMs: openedAtMs } };
    const play = new Play().list().tell(event(over));
    expect([play.model.items.size, play.model.touched.size]).toEqual([0, 0]);
  });

  it('forgets after a reset what the gateway does not list any more', () => {
    const [first, second] = [inSession('s1'), inSession('s2')];
    const play = new Play().list(first, second);
    play.tell({ kind: 'reset', at: new Date(openedAtMs).toISOString(), hereMs: 0 }).list(second);
    expect([...play.model.items.keys()]).toEqual([second.id]);
  });

  it('is narrowed by words as they are typed, and wide again by Esc', () => {
    const [first, second] = [inSession('s1'), inSession('s2', { title: 'DELETE' })];
    const play = new Play().list(first, second).press('/', 'delete pii');
    expect(play.model.selected).toBe(second.id);
    expect(play.text).not.toContain('SELECT');
    play.press('\r');
    expect(play.text).toContain('/delete pii');
    play.press('\u001b');
    expect(play.text).toContain('SELECT');
  });

  it('counts time left by the gateway’s clock', () => {
    const play = new Play().list(makeReview()).tell({ kind: 'tick', hereMs: 25 * 60_000 });
    expect(play.text).toContain('5m left');
    play.tell({ kind: 'tick', hereMs: 31 * 60_000 });
    expect(play.text).toContain('out of time');
  });

  it('shows an open question, and whether the connection holds', () => {
    const play = new Play().list(asked(makeReview()));
    expect(play.text).toMatch(/0\/1\?/);
    play.tell({ kind: 'lost', message: 'nobody answers' });
    expect(play.text).toContain('not connected, trying again');
    expect(play.text).toContain('nobody answers');
    expect(play.tell({ kind: 'connected' }).text).toContain('● live');
  });

  it('is asked for again where it could not be read, once a second, and a card as long as it is open', () => {
    const made = makeReview();
    const play = new Play().list(made).press('\r');
    for (const read of [{ kind: 'list' as const }, { kind: 'load' as const, id: made.id }])
      play.tell({ kind: 'unread', read, message: 'nobody answers' });
    expect(play.text).toContain('nobody answers; trying again');
    const before = play.effects.length;
    play.tell({ kind: 'tick', hereMs: 1_000 }).tell({ kind: 'tick', hereMs: 2_000 });
    expect(play.effects.slice(before)).toEqual([{ kind: 'list' }, { kind: 'load', id: made.id }]);
    play.tell({ kind: 'unread', read: { kind: 'load', id: made.id }, message: '' }).press('\u001b');
    expect(play.tell({ kind: 'tick', hereMs: 3_000 }).effects).toHaveLength(before + 2);
  });

  it('q and Ctrl-C leave, also out of a line that is being written', () => {
    for (const keys of [['q'], ['\u0003'], ['/', '\u0003']])
      expect(new Play().press(...keys).effects.at(-1)).toEqual({ kind: 'quit' });
    expect(new Play().press('/', 'q').effects).not.toContainEqual({ kind: 'quit' });
  });
});

describe('what looks alike', () => {
  const shape = 'd'.repeat(64);
  const alike = (): Made[] => [1, 2, 3].map((at) => ({ ...makeReview({ command: `SELECT ${at}` }), shape }));

  it('is counted in the list; f folds it to the oldest, and unfolds it', () => {
    const made = alike();
    const other = makeReview({ command: 'SELECT 9' });
    made.push(other);
    const play = new Play().list(...made);
    expect(play.text.match(/×3 alike/g)).toHaveLength(3);
    expect(play.text).toContain('4 wait');
    play.press('f');
    expect(play.text.match(/×3 alike/g)).toHaveLength(1);
    expect(play.text).toContain('4 wait');
    expect(play.press('g').model.selected).toBe(made[0]?.id);
    expect(play.press('G').model.selected).toBe(other.id);
    expect(play.press('f').text.match(/×3 alike/g)).toHaveLength(3);
  });

  it('keeps something selected when the selected one is folded away', () => {
    const made = alike();
    const play = new Play().list(...made).press('G', 'f');
    expect(play.model.selected).toBe(made[0]?.id);
  });

  it('folded, one that is decided makes room for the next', () => {
    const made = alike();
    const play = new Play().list(...made).press('f');
    const over = { ...made[0]!, revision: 5, state: { status: 'expired', resolvedAtMs: 1 } } as const;
    play.tell(event(over)).tell({ kind: 'tick', hereMs: 60_000 });
    expect(play.text).toContain('×2 alike');
  });
});
