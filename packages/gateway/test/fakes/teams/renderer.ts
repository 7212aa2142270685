/** Cards as Microsoft's own renderer shows them, in a page of ours: for tests, and for pictures of them. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import type { FakeCard, FakeDialog } from './shapes.ts';

/** What a person gets to see. */
export interface Rendered {
  /** Lines of text, as they are laid out. */
  readonly lines: readonly string[];
  readonly links: number;
  readonly images: number;
  readonly buttons: readonly string[];
  /** Texts that were read as Markdown. */
  readonly markdown: readonly string[];
}

const require = createRequire(import.meta.url);
const script = require.resolve('adaptivecards/dist/adaptivecards.min.js');

/** Near to how Teams lays cards out. */
const STYLE = `
  body { margin: 0; background: #f5f5f5; font: 14px "Segoe UI", "DejaVu Sans", sans-serif; }
  #room { padding: 16px; max-width: 760px; }
  #who { color: #616161; font-size: 12px; margin: 0 0 6px 4px; }
  #card { background: #fff; border: 1px solid #e0e0e0; border-radius: 6px; padding: 4px; }
  .ac-pushButton { font: inherit; margin-right: 8px; padding: 5px 12px; border: 1px solid #d1d1d1; border-radius: 4px; background: #fff; cursor: pointer; }
  .ac-pushButton.style-positive { background: #5b5fc7; border-color: #5b5fc7; color: #fff; }
  .ac-pushButton.style-destructive { background: #c4314b; border-color: #c4314b; color: #fff; }
  textarea { width: 100%; min-height: 60px; font: inherit; box-sizing: border-box; }
  input[type=radio] + label, input[type=radio] + div + label { margin-left: 6px; }
`;

const HOST = {
  fontTypes: {
    default: { fontFamily: '"Segoe UI", "DejaVu Sans", sans-serif' },
    monospace: { fontFamily: '"DejaVu Sans Mono", monospace' },
  },
  containerStyles: {
    emphasis: { backgroundColor: '#f3f2f1' },
    warning: { backgroundColor: '#fff4ce' },
  },
  spacing: { small: 4, default: 8, medium: 12, large: 20, padding: 10 },
  actions: { maxActions: 6, actionAlignment: 'left', actionsOrientation: 'horizontal', buttonSpacing: 8 },
};

export async function renderCard(
  page: Page,
  card: FakeCard | FakeDialog['card'],
  who = 'Sallyport',
): Promise<Rendered> {
  await page.setContent(
    `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><div id="room"><p id="who"></p><div id="card"></div></div>`,
  );
  await page.addScriptTag({ content: await readFile(script, 'utf8') });
  return page.evaluate(draw, { card, host: HOST, who });
}

interface Drawn {
  readonly innerText: string;
  readonly offsetParent: object | null;
  querySelectorAll(selector: string): Iterable<Drawn>;
}

/** What the page has, of which Node's types know nothing. */
interface InPage {
  readonly document: {
    getElementById(id: string): { textContent: string; append(child: Drawn): void };
  };
  readonly AdaptiveCards: {
    readonly AdaptiveCard: {
      new (): { hostConfig: object; parse(card: unknown): void; render(): Drawn };
      onProcessMarkdown: (text: string, result: { outputHtml: string; didProcess: boolean }) => void;
    };
    readonly HostConfig: new (given: unknown) => object;
  };
}

/** Runs in the page. */
function draw({ card, host, who }: { card: unknown; host: unknown; who: string }): Rendered {
  const { AdaptiveCards, document } = globalThis as unknown as InPage;
  const markdown: string[] = [];
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    markdown.push(text);
    result.outputHtml = text;
    result.didProcess = true;
  };
  const adaptive = new AdaptiveCards.AdaptiveCard();
  adaptive.hostConfig = new AdaptiveCards.HostConfig(host);
  adaptive.parse(card);
  const drawn = adaptive.render();
  document.getElementById('who').textContent = who;
  document.getElementById('card').append(drawn);
  const all = (selector: string): Drawn[] => [...drawn.querySelectorAll(selector)];
  return {
    lines: drawn.innerText.split('\n'),
    links: all('a').length,
    images: all('img').length,
    buttons: all('button')
      .filter((each) => each.offsetParent !== null)
      .map((each) => each.innerText),
    markdown,
  };
}
