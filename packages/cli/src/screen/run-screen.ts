/** Drives the pure machine: terminal and gateway on one side, `update` and `view` on the other. */
import { glassEventOf } from '../render-break-glass.ts';
import { SallyportError, type SallyportClient } from '@sallyport/sdk';
import type { Review, ReviewSummary } from '@sallyport/sdk/contract';
import { digestOf } from '../digest.ts';
import { KeyReader } from './keys.ts';
import { type Act, type Effect, initialModel, type Message, type Model, type Read } from './model.ts';
import { paint } from './paint.ts';
import type { Terminal } from './terminal.ts';
import { update } from './update.ts';
import { view, type View } from './view.ts';

export interface ScreenOptions extends Pick<Model, 'style' | 'only' | 'rings'> {
  readonly client: SallyportClient;
  readonly terminal: Terminal;
  /** The list as the command line asked for it, every page. */
  readonly list: () => Promise<readonly ReviewSummary[]>;
  readonly nowMs: () => number;
}

/** How often time left is drawn anew. */
const tickMs = 1_000;

/** Resolves with the exit code when the person has left; rejects where the gateway refuses the whole of it. */
export async function runScreen(options: ScreenOptions): Promise<number> {
  const screen = new Screen(options);
  try {
    return await screen.run();
  } finally {
    screen.close();
  }
}

class Screen {
  readonly #options: ScreenOptions;
  readonly #keys = new KeyReader();
  readonly #stop = new AbortController();
  #model: Model;
  #shown: View | null = null;
  #isDrawing = false;
  #ticks: NodeJS.Timeout | undefined;
  #end: (exitCode: number) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { style, only, rings, terminal } = options;
    this.#model = initialModel({ style, only, rings, size: terminal.size() });
  }

  async run(): Promise<number> {
    const { terminal, nowMs } = this.#options;
    const left = new Promise<number>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    terminal.open({
      typed: (chunk) => this.#keys.read(chunk).forEach((key) => this.#tell({ kind: 'key', key })),
      resized: () => {
        this.#shown = null;
        this.#tell({ kind: 'resized', size: terminal.size() });
      },
      disturbed: () => this.#redraw(),
      ended: (exitCode) => this.#end(exitCode),
    });
    this.#ticks = setInterval(() => this.#tell({ kind: 'tick', hereMs: nowMs() }), tickMs);
    this.#tell({ kind: 'tick', hereMs: nowMs() });
    return Promise.race([left, this.#follow()]);
  }

  close(): void {
    clearInterval(this.#ticks);
    this.#stop.abort();
    this.#options.terminal.close();
  }

  /** The stream of events, which resumes by itself; it ends with this screen, or is refused. */
  async #follow(): Promise<number> {
    const { client, nowMs } = this.#options;
    const events = client.events({
      signal: this.#stop.signal,
      onConnected: () => this.#tell({ kind: 'connected' }),
      onInterruption: ({ message }) => this.#tell({ kind: 'lost', message }),
    });
    for await (const event of events) {
      if (event.kind === 'stream.reset') this.#tell({ kind: 'reset', at: event.at, hereMs: nowMs() });
      else if ('breakGlass' in event)
        this.#tell({ kind: 'glass', event: glassEventOf(event.kind), use: event.breakGlass });
      else {
        const isOpening = event.kind === 'review.opened';
        this.#tell({ kind: 'happened', isOpening, review: event.review });
      }
    }
    return 0;
  }

  #tell(message: Message): void {
    if (this.#stop.signal.aborted) return;
    const { model, effects } = update(this.#model, message);
    this.#model = model;
    for (const effect of effects) this.#do(effect);
    this.#drawSoon();
  }

  /** What happens at once is drawn at once. */
  #drawSoon(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    setImmediate(() => {
      this.#isDrawing = false;
      if (!this.#stop.signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    const next = view(this.#model);
    const text = paint(this.#shown, next);
    this.#shown = next;
    if (text !== '') this.#options.terminal.write(text);
  }

  #redraw(): void {
    this.#shown = null;
    this.#drawSoon();
  }

  #do(effect: Effect): void {
    const { client, terminal } = this.#options;
    switch (effect.kind) {
      case 'quit':
        return this.#end(0);
      case 'bell':
        return terminal.write('\u0007');
      case 'redraw':
        return this.#redraw();
      case 'list':
        return this.#read(effect, async () => ({ kind: 'listed', reviews: await this.#options.list() }));
      case 'load':
        return this.#read(effect, async () => this.#loaded(await client.getReview(effect.id)));
      case 'retract':
        return this.#act('retract', () => client.retract(effect.id, { channel: 'cli' }));
      case 'ask': {
        const { id, to, text } = effect;
        return this.#act('ask', () => client.ask(id, { to, text, channel: 'cli' }));
      }
      case 'vote': {
        const { review, vote: kind, reason } = effect;
        const { id, digest, rendering } = review;
        return this.#act(kind, () => client.vote(id, { kind, reason, digest, rendering, channel: 'cli' }));
      }
    }
  }

  #loaded(review: Review): Message {
    const isExact = digestOf(review) === review.digest;
    return { kind: 'loaded', review, isExact, hereMs: this.#options.nowMs() };
  }

  #read(read: Read, ask: () => Promise<Message>): void {
    this.#await(ask, ({ code, status, message }) =>
      code === 'client.unreachable' || (status ?? 0) >= 500
        ? { kind: 'unread', read, message }
        : { kind: 'refused', act: null, code, message },
    );
  }

  /** Never tried again by itself: whether it took effect is for the person to see. */
  #act(act: Act, ask: () => Promise<Review>): void {
    this.#await(
      async () => {
        const review = await ask();
        return { kind: 'done', act, review, isExact: digestOf(review) === review.digest };
      },
      ({ code, message }) => ({ kind: 'refused', act, code, message }),
    );
  }

  /** What the gateway refuses is shown; anything else is a bug, and ends the screen. */
  #await(ask: () => Promise<Message>, refused: (error: SallyportError) => Message): void {
    ask().then(
      (message) => this.#tell(message),
      (error: unknown) => {
        if (!(error instanceof SallyportError)) return this.#fail(error);
        this.#tell(refused(error));
      },
    );
  }
}
