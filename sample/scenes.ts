import { Review, ReviewPage } from '@sallyport/sdk/contract';
import { runAgent, type AgentEvent } from './agent-process.ts';
import { agentName } from './configuration.ts';
import { check, say, title, Unexpected } from './story.ts';
import type { SampleSystem } from './system.ts';
import { ask, reviewer } from './terminal.ts';

const reviewId = /rev_[0-9a-z]{26}/;
const rejection = 'One export is enough: use the addresses of this morning.';

/** What the story has seen so far. */
export interface Plot {
  readonly system: SampleSystem;
  /** Rows that the export must have, counted behind the gateway. */
  readonly germans: number;
  readonly reviews: string[];
  votedAtMs: number;
}

type Scene = (event: AgentEvent, plot: Plot) => Promise<void> | void;

/** Kind and step of what the agent reports, in the order in which it must report it, and what is then to be seen. */
const scenes: readonly (readonly [event: string, scene: Scene])[] = [
  ['asks aggregate', () => undefined],
  ['gets aggregate', aggregateArrives],
  ['asks export', () => undefined],
  ['notice export', approve],
  ['gets export', exportArrives],
  ['asks drop', () => undefined],
  ['refused drop', dropIsDenied],
  ['asks count', () => undefined],
  ['gets count', customersAreThere],
  ['asks export again', () => undefined],
  ['notice export again', reject],
  ['refused export again', exportIsRejected],
  ['asks go on', () => undefined],
  ['gets go on', (event) => checkRows(event, 4, 'the agent goes on with something else')],
];

const headings: Readonly<Record<string, string>> = {
  'asks aggregate': '1. An aggregate over nothing classified: allowed at once',
  'asks export': '2. Names and addresses of customers: held until a person has decided',
  'asks drop': '3. DROP TABLE: denied, with the reason',
  'asks export again': '4. The same export again: one approval was for one execution',
};

function aggregateArrives(event: AgentEvent, { reviews }: Plot): void {
  checkRows(event, 10, 'one row for each country, and nobody was asked');
  check(reviews.length === 0, 'no review was opened', reviews);
}

async function approve(event: AgentEvent, plot: Plot): Promise<void> {
  const review = await readReview(event, plot);
  await reviewer(plot.system, 'sam', 'show', review.id);
  check(review.command.startsWith('SELECT full_name, email'), 'the reviewer sees the exact command', review);
  check(review.requester.agent === agentName, 'who asks', review.requester);
  check(review.requester.onBehalfOf === 'ana', 'on whose behalf', review.requester);
  const columns = review.datasets.flatMap(({ columns }) => columns);
  const classified = columns.filter(({ classes }) => classes.includes('pii')).map(({ name }) => name);
  check(classified.sort().join() === 'email,full_name', 'which classified columns', columns);
  check(review.untrusted.statedTask.includes('newsletter'), 'and the task, in the agent’s words', review);
  plot.votedAtMs = Date.now();
  await reviewer(plot.system, 'sam', 'approve', review.id, '--digest', review.digest, '--yes');
}

async function reject(event: AgentEvent, plot: Plot): Promise<void> {
  const [first] = plot.reviews;
  const review = await readReview(event, plot);
  check(review.id !== first, 'the approval of before does not count: it is another review', plot.reviews);
  await reviewer(plot.system, 'sam', 'reject', review.id, '--reason', rejection);
}

/** What waits is the review that the notice names. */
async function readReview(event: AgentEvent, plot: Plot): Promise<Review> {
  const id = event.kind === 'notice' ? reviewId.exec(event.message)?.[0] : undefined;
  check(id !== undefined, 'the notice names the review', event);
  plot.reviews.push(id ?? '');
  await reviewer(plot.system, 'sam', 'reviews');
  const page = ReviewPage.pick({ reviews: true }).parse(await ask(plot.system, 'sam', 'reviews'));
  check(page.reviews.map((review) => review.id).join() === id, 'it is the one that waits', page);
  return Review.parse(await ask(plot.system, 'sam', 'show', id ?? ''));
}

function exportArrives(event: AgentEvent, { germans, votedAtMs }: Plot): void {
  checkRows(event, germans, `the agent gets all ${germans} rows`);
  check(event.atMs >= votedAtMs, 'not before the vote', { votedAtMs, event });
}

function dropIsDenied(event: AgentEvent): void {
  check(event.kind === 'refused' && event.code === '42501', 'SQLSTATE 42501, insufficient privilege', event);
  check(event.kind === 'refused' && event.message.includes('DROP'), 'the message says why', event);
}

function customersAreThere(event: AgentEvent): void {
  const customers = event.kind === 'gets' ? event.rows[0]?.['customers'] : undefined;
  check(customers === 8_000, 'the session lives on, and so does the table with its 8,000 rows', event);
}

function exportIsRejected(event: AgentEvent): void {
  check(event.kind === 'refused' && event.code === '42501', 'SQLSTATE 42501', event);
  const words = event.kind === 'refused' ? `${event.message} ${event.detail} ${event.hint}` : '';
  check(words.includes(rejection), 'the agent reads the reviewer’s reason', event);
}

function checkRows(event: AgentEvent, count: number, expectation: string): void {
  check(event.kind === 'gets' && event.count === count, expectation, event);
}

function tell(event: AgentEvent): void {
  const heading = headings[`${event.kind} ${event.step}`];
  if (heading !== undefined) title(heading);
  if (event.kind === 'asks') say('agent', event.text);
  if (event.kind === 'notice') say('gateway', event.message);
  if (event.kind === 'gets') {
    const more = event.count > event.rows.length ? [`… ${event.count} rows`] : [];
    say('agent', [...event.rows.map((row) => JSON.stringify(row)), ...more].join('\n'));
  }
  if (event.kind === 'refused') {
    const { code, message, detail, hint } = event;
    const lines = [`ERROR ${code}: ${message}`, detail && `DETAIL: ${detail}`, hint && `HINT: ${hint}`];
    say('gateway', lines.filter((line) => line !== '').join('\n'));
  }
}

/** The agent's part of the story, with everyone's answers to it. */
export async function play(plot: Plot): Promise<void> {
  const rest = [...scenes];
  let played = '';
  for await (const event of runAgent(plot.system.databaseUrl)) {
    const name = `${event.kind} ${event.step}`;
    tell(event);
    // A waiting client is told more than once.
    if (event.kind === 'notice' && name === played) continue;
    const next = rest.shift();
    if (next?.[0] !== name) throw new Unexpected(`expected "${next?.[0]}"; found: ${JSON.stringify(event)}`);
    await next[1](event, plot);
    played = name;
  }
  if (rest[0] !== undefined) throw new Unexpected(`the agent ended before "${rest[0][0]}"`);
}
