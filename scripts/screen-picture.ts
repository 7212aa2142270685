import type { ReviewSummary } from '../packages/sdk/src/contract/index.ts';
import { initialModel, type Message, type Model } from '../packages/cli/src/screen/model.ts';
import { update } from '../packages/cli/src/screen/update.ts';
import { view } from '../packages/cli/src/screen/view.ts';
import { createStyle } from '../packages/cli/src/style.ts';

const size = { width: 92, height: 14 };
const nowMs = Date.UTC(2026, 10, 21, 9, 41);

/** The full screen as the program itself draws it, of actions such as the sample shop knows. */
export function screenPicture(): string {
  const only = { status: 'pending' as const, agent: null };
  const start = initialModel({ style: createStyle(true), size, only, rings: false });
  const messages: readonly Message[] = [
    { kind: 'connected' },
    { kind: 'reset', at: new Date(nowMs).toISOString(), hereMs: nowMs },
    { kind: 'listed', reviews: samples },
    { kind: 'key', key: { kind: 'named', name: 'down' } },
  ];
  const model = messages.reduce<Model>((before, message) => update(before, message).model, start);
  return svgOf(view(model).lines);
}

function sample(
  number: number,
  more: Partial<ReviewSummary> & { readonly minutesAgo: number },
): ReviewSummary {
  const { minutesAgo, ...rest } = more;
  const openedAtMs = nowMs - minutesAgo * 60_000;
  return {
    id: `rev_01m7ynzdrrj3fzsxxem9dz7h0${number}`,
    status: 'pending',
    openedAt: new Date(openedAtMs).toISOString(),
    expiresAt: new Date(openedAtMs + 30 * 60_000).toISOString(),
    revision: 1,
    agent: 'reporting-agent',
    onBehalfOf: 'ana',
    session: `ses_${number}`,
    target: { name: 'shop', protocol: 'postgresql', environment: 'production' },
    operation: 'sql:select',
    title: 'SELECT',
    datasets: ['public.customers'],
    classes: ['pii'],
    riskScore: 40,
    shape: String(number).padStart(64, '0'),
    openQuestions: 0,
    approvals: 0,
    quorum: 1,
    ...rest,
  };
}

const migration = { agent: 'migration-agent', onBehalfOf: 'dora', session: 'ses_2', operation: 'sql:ddl' };
const samples: readonly ReviewSummary[] = [
  sample(1, { minutesAgo: 9, openQuestions: 1 }),
  sample(2, {
    ...migration,
    minutesAgo: 4,
    title: 'ALTER TABLE',
    datasets: ['public.orders'],
    riskScore: 75,
    quorum: 2,
    approvals: 1,
  }),
  sample(3, {
    ...migration,
    minutesAgo: 4,
    title: 'UPDATE',
    datasets: ['public.orders'],
    riskScore: 85,
    quorum: 2,
  }),
  sample(4, {
    minutesAgo: 1,
    title: 'COPY TO',
    datasets: ['public.payments'],
    classes: ['pci', 'pii'],
    riskScore: 70,
  }),
];

const colours: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold" fill="#ffffff"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#7ee787"',
  '33': 'fill="#f0a202"',
  '36': 'fill="#a5d6ff"',
};
const rowPixels = 18;

function svgOf(lines: readonly string[]): string {
  const height = lines.length * rowPixels + 32;
  const text = lines.map((line, row) => `<text x="20" y="${28 + row * rowPixels}">${spansOf(line)}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 ${height}" width="780" height="${height}" role="img" aria-label="sallyport reviews --watch: what waits, with risk, time left, votes and questions; actions of one session stand together">
<rect width="100%" height="100%" rx="10" fill="#14171c"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,DejaVu Sans Mono,monospace" font-size="13" fill="#d6dbe3" xml:space="preserve">
${text.join('\n')}
</g></svg>
`;
}

/** Set and end codes of style.ts as spans; one colour at a time, which is all that these lines use. */
function spansOf(line: string): string {
  // eslint-disable-next-line no-control-regex -- the codes that style.ts sets
  const pieces = [...line.matchAll(/\u001b\[(\d+)m|([^\u001b]+)/g)];
  let colour = '';
  return pieces
    .map(([, code, text = '']) => {
      if (code !== undefined) colour = colours[code] ?? '';
      return text === '' ? '' : colour === '' ? escaped(text) : `<tspan ${colour}>${escaped(text)}</tspan>`;
    })
    .join('');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
