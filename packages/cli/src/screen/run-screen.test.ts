import { SallyportClient } from '@sallyport/sdk';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApi } from '../../../gateway/src/api/api.ts';
import { type ListeningApi, listenApi } from '../../../gateway/src/api/listen.ts';
import { createFake, type Fake } from '../../../gateway/test/api-fake.ts';
import { tokens } from '../../../gateway/test/support/api-callers.ts';
import { makeReview } from '../../../gateway/test/support/made-review.ts';
import { createStyle } from '../style.ts';
import { enterScreen, leaveScreen, paint } from './paint.ts';
import { runScreen } from './run-screen.ts';
import type { Terminal, TerminalEvents } from './terminal.ts';

let fake: Fake;
let api: ListeningApi;

beforeEach(async () => {
  fake = createFake();
  api = await listenApi(createApi(fake.deps), { host: '127.0.0.1', port: 0 });
});
afterEach(() => api.close());

/** A terminal that keeps what is on it, by the only sequences that `paint` uses. */
class FakeTerminal implements Terminal {
  rows: string[] = [];
  rings = 0;
  closed = 0;
  events: TerminalEvents | undefined;
  size = () => ({ width: 80, height: 24 });
  open(events: TerminalEvents): void {
    this.events = events;
  }
  write(text: string): void {
    this.rings += text === '\u0007' ? 1 : 0;
    // eslint-disable-next-line no-control-regex -- what `paint` writes
    for (const [, row, line = ''] of text.matchAll(/\u001b\[(\d+);1H\u001b\[K([^\u001b]*)\u001b\[0m/g))
      this.rows[Number(row) - 1] = line;
  }
  close(): void {
    this.closed += 1;
  }
  async until(pattern: RegExp): Promise<void> {
    for (let tries = 0; tries < 200 && !pattern.test(this.rows.join('\n')); tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(this.rows.join('\n')).toMatch(pattern);
  }
}

function start(token: string = tokens.vera, rings = false) {
  const terminal = new FakeTerminal();
  const client = new SallyportClient({ url: api.address, token });
  const list = async () => (await client.listReviews({ status: 'pending' })).reviews;
  const only = { status: 'pending' as const, agent: null };
  const ended = runScreen({ client, terminal, list, nowMs: () => 0, style: createStyle(false), only, rings });
  ended.catch(() => undefined);
  return { terminal, ended, press: (keys: string) => terminal.events?.typed(keys) };
}

it('opens, asks, approves and leaves, against the API', async () => {
  const review = fake.add(makeReview({ title: 'SELECT one' }));
  const { terminal, ended, press } = start();
  await terminal.until(/1 waits.*● live[^]*▸ .*SELECT one/);
  press('\r');
  await terminal.until(/SELECT one on shop-db/);
  press('?');
  press('What for?');
  press('\r');
  await terminal.until(/Asked\./);
  for (let page = 0; page < 5; page++) press(' ');
  await terminal.until(/a approve/);
  press('a');
  press('y');
  await terminal.until(/Approved by you\. The review is approved\./);
  expect(fake.reviews.get(review.id)).toMatchObject({
    state: { status: 'approved' },
    votes: [{ person: 'vera', channel: 'cli' }],
    questions: [{ text: 'What for?', to: 'agent' }],
  });
  press('q');
  expect(await ended).toBe(0);
  expect(terminal.closed).toBe(1);
});

it('shows and rings what opens while it is there', async () => {
  const { terminal, press } = start(tokens.vera, true);
  await terminal.until(/Nothing waits\./);
  fake.publish({ kind: 'review.opened', review: fake.add(makeReview({ title: 'a late one' })), atMs: 0 });
  await terminal.until(/a late one/);
  expect(terminal.rings).toBe(1);
  press('q');
});

it('ends by a signal with its code, and leaves the terminal', async () => {
  const { terminal, ended } = start();
  await terminal.until(/Nothing waits\./);
  terminal.events?.ended(143);
  expect(await ended).toBe(143);
  expect(terminal.closed).toBe(1);
});

it('ends where it is refused, and leaves the terminal before it says so', async () => {
  const { terminal, ended } = start(tokens.ned);
  await expect(ended).rejects.toMatchObject({ code: 'access.forbidden' });
  expect(terminal.closed).toBe(1);
});

it('writes what differs, and nothing where nothing does', () => {
  const picture = (lines: string[], cursor: { row: number; column: number } | null = null) => ({
    lines,
    cursor,
  });
  expect(paint(picture(['a', 'b']), picture(['a', 'b']))).toBe('');
  const text = paint(picture(['a', 'b']), picture(['a', 'c']));
  expect(text).toContain('\u001b[2;1H\u001b[Kc');
  expect(text).not.toContain('\u001b[1;1H');
  expect(paint(null, picture(['a'], { row: 0, column: 1 }))).toMatch(/\[1;2H.*\[\?25h/);
});

it('undoes every mode that it sets', () => {
  const modes = (text: string) => [...text.matchAll(/\[\?(\d+)[hl]/g)].map(([, mode]) => mode).toSorted();
  expect(modes(leaveScreen)).toEqual(modes(enterScreen));
});
