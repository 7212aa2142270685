import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../gateway/src/api/api.ts';
import { type ListeningApi, listenApi } from '../../gateway/src/api/listen.ts';
import { createFake, type Fake } from '../../gateway/test/api-fake.ts';
import { tokens } from '../../gateway/test/support/api-callers.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import { connectPg } from '../../gateway/test/support/system-drivers.ts';
import { startTestSystem } from '../../gateway/test/support/system-fixture.ts';
import { Pane, type PaneOptions } from './tmux.ts';

const watch = ['reviews', '--watch'];
let pane: Pane | undefined;

const start = (options: PaneOptions): Pane => (pane = new Pane(options));

afterEach(() => {
  pane?.close();
  pane = undefined;
});

it('a reviewer sees a held export appear, scrolls through it, approves, and it runs', async () => {
  const system = await startTestSystem();
  try {
    const screen = start({
      args: watch,
      environment: { SALLYPORT_URL: system.apiUrl, SALLYPORT_TOKEN: system.samToken },
    });
    await screen.until(/Nothing waits\.[^]*$/);
    await screen.until(/● live/);
    const { client } = await connectPg(system);
    const exporting = client.query('SELECT email FROM customers -- on the screen');
    await screen.until(/1 waits[^]*▸ .*\[pii\]/);
    await screen.press('Enter');
    await screen.until(/No approval yet/);
    await screen.press('a', 'y');
    expect((await system.pending('on the screen')).votes).toEqual([]);
    // Whatever changes meanwhile has to be looked at from the beginning.
    for (let pages = 0; pages < 60 && !/a approve/.test(screen.text); pages++)
      await screen.press(pages % 10 === 9 ? 'g' : 'Space');
    await screen.until(/a approve/);
    await screen.press('a');
    await screen.until(/Approve exactly this/);
    await screen.press('y');
    await screen.until(/Approved by you\. The review is approved\./);
    expect((await exporting).rows.length).toBeGreaterThan(100);
    await client.end();
    await screen.press('Escape', 'q');
    await screen.until(/left with 0/);
    await system.checkLedger();
  } finally {
    await system.close();
  }
});

describe('the terminal', () => {
  let fake: Fake;
  let api: ListeningApi;
  let environment: Record<string, string>;

  beforeEach(async () => {
    fake = createFake();
    api = await listenApi(createApi(fake.deps), { host: '127.0.0.1', port: 0 });
    environment = { SALLYPORT_URL: api.address, SALLYPORT_TOKEN: tokens.vera };
  });
  afterEach(() => api.close());

  const expectRestored = (screen: Pane, text: string) => {
    expect(screen.state('alternate_on')).toBe('0');
    expect(screen.state('cursor_flag')).toBe('1');
    expect(text).toMatch(/[^-]icanon/);
    expect(text).toMatch(/[^-]echo /);
  };

  it.each([
    ['q', 0, async (screen: Pane) => screen.press('q')],
    ['Ctrl-C', 0, async (screen: Pane) => screen.press('C-c')],
    ['SIGINT', 130, async (screen: Pane) => screen.kill('SIGINT')],
    ['SIGTERM', 143, async (screen: Pane) => screen.kill('SIGTERM')],
    ['SIGHUP', 129, async (screen: Pane) => screen.kill('SIGHUP')],
    ['a crash', 1, async (screen: Pane) => screen.kill('SIGUSR2')],
  ])('is as it was after %s, which is exit code %i', async (_name, code, end) => {
    // What a crash does is asked of a process that throws where nobody expects it.
    const crash = 'data:text/javascript,process.on(`SIGUSR2`,()=>{throw(new(Error)(`crashed`))})';
    const screen = start({ args: watch, environment: { ...environment, NODE_OPTIONS: `--import=${crash}` } });
    await screen.until(/Nothing waits/);
    expect(screen.state('alternate_on')).toBe('1');
    await end(screen);
    const text = await screen.until(/left with \d+[^]*echoke/);
    expect(text).toContain(`left with ${code}`);
    if (code === 1) expect(text).toContain('crashed');
    expectRestored(screen, text);
  });

  it('is as it was where the token is refused, and says so on the screen that stays', async () => {
    const screen = start({ args: watch, environment: { ...environment, SALLYPORT_TOKEN: tokens.ned } });
    const text = await screen.until(/left with 2[^]*echoke/);
    expect(text).toContain('sallyport: access.forbidden:');
    expectRestored(screen, text);
  });

  it('shows the same in another size, down to a narrow one, and without colours where NO_COLOR says so', async () => {
    fake.add(makeReview({ title: 'SELECT one' }));
    const screen = start({ args: watch, environment: { ...environment, NO_COLOR: '1' } });
    await screen.until(/▸ .*SELECT one/);
    screen.resize(44, 10);
    await screen.until(/▸ .*SELECT/);
    await screen.press('Enter');
    await screen.until(/No approval yet/);
    screen.resize(100, 60);
    await screen.until(/SELECT one on shop-db[^]*a approve/);
  });

  it('says that the gateway is gone, and goes on when it is back', async () => {
    const port = Number(new URL(api.address).port);
    const screen = start({ args: watch, environment });
    await screen.until(/● live/);
    await api.close();
    await screen.until(/not connected, trying again/);
    fake.add(makeReview({ title: 'meanwhile' }));
    // Another process of the gateway, which numbers its own events.
    const later = { ...fake.deps.clock, nowMs: () => fake.deps.clock.nowMs() + 1 };
    api = await listenApi(createApi({ ...fake.deps, clock: later }), { host: '127.0.0.1', port });
    await screen.until(/● live[^]*meanwhile/);
  });

  it('gets lines in place of a screen with --lines', async () => {
    const review = fake.add(makeReview());
    const screen = start({ args: [...watch, '--lines'], environment });
    await screen.until(new RegExp(review.id));
    expect(screen.state('alternate_on')).toBe('0');
  });
});
