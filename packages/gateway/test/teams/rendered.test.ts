/** Cards as Microsoft's renderer shows them, with everything that an agent could try in a text (threats A7 and C, laws 6 and 9). */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Attempt } from '../../src/connectors/connector.ts';
import { card as cardShape, textOf, type FakeCard, type FakeDialog } from '../fakes/teams/shapes.ts';
import { renderCard, type Rendered } from '../fakes/teams/renderer.ts';
import { startBrowser, type TestBrowser } from '../support/browser.ts';
import { until } from '../support/chat-world.ts';
import { reviewed } from '../support/subjects.ts';
import { openTeamsWorld, type TeamsWorld } from '../support/teams-world.ts';

let browser: TestBrowser;
let world: TeamsWorld | undefined;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function cards(given: Partial<Attempt>): Promise<{ room: FakeCard; own: FakeCard }> {
  world = await openTeamsWorld();
  const { message } = await world.hold(given);
  return { room: message.card, own: await world.acting.look(world.user('sam'), message) };
}

/** Where a folder is named, what was looked at is kept there. */
async function shown(card: FakeCard | FakeDialog['card'], name: string, who?: string): Promise<Rendered> {
  await browser.page.setViewportSize({ width: 800, height: 200 });
  const rendered = await renderCard(browser.page, card, who);
  const into = process.env['SALLYPORT_PICTURES'];
  if (into !== undefined) {
    await mkdir(into, { recursive: true });
    await browser.page.screenshot({ path: join(into, `${name}.png`), fullPage: true });
  }
  return rendered;
}

const plain = (lines: readonly string[]): string[] => lines.map((line) => line.replaceAll('\u00a0', ' '));

const TRICKS = [
  '[click](https://evil.example)',
  'https://evil.example www.evil.example me@evil.example',
  '![x](https://evil.example/x.png)',
  '<at>everyone</at> <b>bold</b> <img src=x onerror=alert(1)>',
  '**Approved by sam** _it_ ~~no~~ `code`',
  '# Votes',
  '- sam approved',
  '1. kim approved',
  '{{DATE(2020-01-01T00:00:00Z, LONG)}} {{TIME(2020-01-01T00:00:00Z)}} ${name}',
  '&lt;b&gt; &nbsp; \\* \\n',
];

test('a whole card shows what Microsoft’s renderer is given, and nothing is Markdown', async () => {
  const { room, own } = await cards({
    command: "SELECT email,\n       '  two  spaces  '\nFROM customers\nWHERE country = 'CH'\nLIMIT 10",
    statedTask: 'Count the customers of each country for the monthly report.',
  });
  const forAll = await shown(room, 'teams-room');
  const forSam = await shown(own, 'teams-approver');
  expect(forAll.buttons).toEqual(['Open in browser']);
  expect(forSam.buttons).toEqual(['Approve exactly this', 'Reject…', 'Ask…', 'Open in browser']);
  for (const { lines, markdown } of [forAll, forSam]) {
    expect(markdown).toEqual([]);
    // What is laid out keeps each space: a renderer folds ordinary ones.
    expect(plain(lines)).toContain("       '  two  spaces  '");
    expect(lines.join('\n')).toContain('the agent’s own words: nobody checked them');
  }
  expect(browser.complaints).toEqual([]);
});

test('no text of an agent becomes a link, an image, a mention, a format, a date, or a line of ours', async () => {
  const text = TRICKS.join('\n');
  const { own } = await cards({ command: `SELECT 1\n${text}`, statedTask: text });
  const { lines, links, images, markdown } = await shown(own, 'teams-tricks');
  expect([links, images, markdown]).toEqual([0, 0, []]);
  // Once in the command, once in its own words.
  for (const trick of TRICKS) expect(plain(lines).filter((line) => line === trick)).toHaveLength(2);
});

test('runs hold nothing in one piece that a client could make something of', async () => {
  const { own } = await cards({ statedTask: TRICKS.join('\n') });
  const pieces: string[] = [];
  JSON.stringify(own.body, (key, value: unknown) => {
    if (key === 'text') pieces.push(value as string);
    return value;
  });
  for (const piece of pieces) expect(piece).not.toMatch(/\{\{.*\}\}|<at>|<img|https?:\/\/|www\.|\]\(|\w@\w/);
});

test('a flood of lines is left out and named, and takes Approve away', async () => {
  const { own } = await cards({ statedTask: '\n'.repeat(5_000) + 'Approved by sam' });
  expect(textOf(own)).toContain('Too long to be shown here: reporter says about its task');
  expect((await shown(own, 'teams-too-long')).buttons).toEqual(['Reject…', 'Ask…', 'Open in browser']);
});

test('reason, question and answer are asked for in dialogs that can be filled in, with nothing to approve', async () => {
  world = await openTeamsWorld();
  world.decision = reviewed({ passkeyFromRisk: 0 });
  const { held, message } = await world.hold();
  const { acting } = world;
  await shown(cardShape.parse(await acting.look(world.user('sam'), message)), 'teams-passkey');
  const { dialog: ask } = await acting.press(world.user('sam'), message, 'sallyport.ask');
  expect((await shown(ask!.card, 'teams-ask', ask!.title)).buttons).toEqual(['Ask']);
  await browser.page.getByRole('textbox').fill('Is this for the audit?');
  await browser.page.getByRole('radio', { name: 'The person for whom it acts' }).check();
  await acting.submit(world.user('sam'), message, ask!, { question: TRICKS.join('\n'), to: 'sponsor' });
  const { dialog: reject } = await acting.press(world.user('sam'), message, 'sallyport.reject');
  expect((await shown(reject!.card, 'teams-reject', reject!.title)).buttons).toEqual(['Reject']);
  await browser.page.getByRole('textbox').fill('Not without a ticket.');
  const { dialog: again } = await acting.submit(world.user('sam'), message, reject!, { reason: ' ' });
  const refused = await shown(again!.card, 'teams-refused', again!.title);
  expect(refused.lines.join(' ')).toContain('Not counted. A rejection needs a reason');
  const chat = `a:1${world.user('ana').oid}`;
  const asked = await until(() => world?.teams.tenant.cardsIn(chat)[0]);
  const { lines, links, images, markdown, buttons } = await shown(asked.card, 'teams-asked');
  expect([links, images, markdown]).toEqual([0, 0, []]);
  for (const trick of TRICKS) expect(plain(lines)).toContain(trick);
  expect(buttons).toEqual(['Answer 1…', 'Open in browser']);
  const { dialog: answer } = await acting.press(world.user('ana'), asked, 'sallyport.answer');
  expect((await shown(answer!.card, 'teams-answer', answer!.title)).buttons).toEqual(['Answer']);
  expect((await world.read(held.review)).state.status).toBe('pending');
});
