import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { createApi } from '../../gateway/src/api/api.ts';
import { type ListeningApi, listenApi } from '../../gateway/src/api/listen.ts';
import { termsForm } from '../../gateway/src/core/standing-entry.ts';
import { createFake, type Fake } from '../../gateway/test/api-fake.ts';
import { tokens } from '../../gateway/test/support/api-callers.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import { standingGrant, terms } from '../../gateway/test/support/standing.ts';
import { wantsJson } from './arguments.ts';
import { commands } from './commands/index.ts';
import { exitCodes } from './failure.ts';
import type { Output } from './output.ts';
import { run } from './run.ts';
import { createStyle } from './style.ts';

let fake: Fake;
let api: ListeningApi;
const directory = mkdtempSync(join(tmpdir(), 'sallyport-run-'));

beforeAll(async () => {
  fake = createFake();
  api = await listenApi(createApi(fake.deps), { host: '127.0.0.1', port: 0 });
});
beforeEach(() => fake.reviews.clear());
afterAll(async () => {
  await api.close();
  rmSync(directory, { recursive: true });
});

interface Lent {
  readonly token?: string;
  readonly url?: string;
  /** What the person at the terminal answers; absent: there is no terminal. */
  readonly answer?: boolean;
  /** Whether they press Ctrl-C once they are told something. */
  readonly interrupts?: boolean;
}

/** A command line inside of this process, with a terminal that the test plays. */
async function sallyport(args: readonly string[], lent: Lent = {}) {
  const { token = tokens.vera, url, answer, interrupts = false } = lent;
  const interrupted = new AbortController();
  const shown: string[] = [];
  const notes: string[] = [];
  const asked: string[] = [];
  const json = wantsJson(args);
  const output: Output = {
    json,
    interactive: answer !== undefined && !json,
    width: 80,
    result: (value, text) => void shown.push(json ? JSON.stringify(value) : text(createStyle(false))),
    raw: (value, text) => void shown.push(json ? JSON.stringify(value) : text),
    note: (text) => {
      notes.push(text);
      if (interrupts) interrupted.abort();
    },
    confirm: async (question) => {
      asked.push([...shown, question].join('\n'));
      return answer ?? false;
    },
  };
  const environment = { url: url ?? api.address, token: token === '' ? null : token, noColour: true };
  const system = { nowMs: () => 0, random: (bytes: number) => new Uint8Array(bytes).fill(1) };
  const interruption = () => interrupted.signal;
  const code = await run(args, { environment, output, system, interruption });
  return { code, shown: shown.join('\n'), notes: notes.join('\n'), asked };
}

test('what only says that it is the gateway moves no cursor while somebody watches (law 9)', async () => {
  const detail = 'down\u001b[2J\u001b]0;Approved\u0007 \u202eby kim';
  const problem = { type: 'urn:x', title: 'x', status: 500, detail, code: 'internal' };
  const squatter = createServer((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
  });
  await once(squatter.listen(0, '127.0.0.1'), 'listening');
  const { port } = squatter.address() as AddressInfo;
  const url = `http://127.0.0.1:${port.toString()}`;
  const { notes } = await sallyport(['reviews', '--watch'], { url, interrupts: true });
  squatter.close();
  expect(notes).toContain('down⟨U+001B⟩[2J⟨U+001B⟩]0;Approved⟨U+0007⟩ ⟨U+202E⟩by kim; trying again');
});

describe('exit codes', () => {
  const unknown = makeReview().id;
  const cases: readonly (readonly [number, string, readonly string[], Lent])[] = [
    [0, 'no command: help', [], {}],
    [0, 'help', ['help'], {}],
    [0, 'help of a topic', ['help', 'exit-codes'], {}],
    [0, 'help of a command', ['ledger', 'verify', '--help'], {}],
    [0, 'help of a command that lacks its argument', ['show', '-h'], {}],
    [1, 'an unknown command', ['frobnicate'], {}],
    [1, 'half of a command', ['ledger'], {}],
    [1, 'an unknown topic', ['help', 'frobnicate'], {}],
    [1, 'an unknown option', ['reviews', '--colour'], {}],
    [1, 'an option of another command', ['reviews', '--yes'], {}],
    [1, 'an option without its value', ['reviews', '--agent'], {}],
    [1, 'a missing argument', ['show'], {}],
    [1, 'too many arguments', ['show', 'a', 'b'], {}],
    [1, 'a status that is none', ['reviews', '--status', 'open'], {}],
    [1, 'a time that is none', ['usage', '--since', 'yesterday'], {}],
    [1, 'a time that is none, of attention', ['attention', '--since', 'yesterday'], {}],
    [1, 'a shape that is none', ['reviews', '--shape', 'abc'], {}],
    [1, 'groups that are watched', ['reviews', '--group', '--watch'], {}],
    [1, 'groups of what is over', ['reviews', '--group', '--status', 'all'], {}],
    [2, 'an agent that asks who is tired', ['attention'], { token: tokens.reporter }],
    [1, 'a rejection without a reason', ['reject', unknown], {}],
    [1, 'an approval of nothing', ['approve', '--yes'], {}],
    [1, 'an approval of a review and a bundle', ['approve', unknown, '--bundle', 'ses_1', '--yes'], {}],
    [1, 'a question without text', ['ask', unknown], {}],
    [1, 'a question to nobody', ['ask', unknown, '--text', 'Why?', '--to', 'cto'], {}],
    [1, 'an answer without text', ['answer', unknown, '1', '--text', ' '], {}],
    [1, 'an answer to no number', ['answer', unknown, 'first', '--text', 'Because.'], {}],
    [1, 'a name that leads elsewhere', ['token', 'create', 'agent', '../evil'], {}],
    [1, 'a name that hides', ['token', 'create', 'agent', '.hidden'], {}],
    [1, 'a token for nobody', ['token', 'create', 'robot', 'r2'], {}],
    [2, 'no right', ['reviews'], { token: tokens.ned }],
    [2, 'an agent', ['reviews'], { token: tokens.reporter }],
    [2, 'clear text to another machine', ['reviews'], { url: 'http://192.0.2.1:7543' }],
    [2, 'an approval without a terminal', ['approve', unknown], {}],
    [3, 'no such review', ['show', unknown], {}],
    [3, 'a question about no review', ['ask', unknown, '--text', 'Why?'], {}],
    [3, 'an answer about no review', ['answer', unknown, '1', '--text', 'Because.'], {}],
    [3, 'a vote on no review taken back', ['retract', unknown], {}],
    [3, 'a bundle of which nothing waits', ['approve', '--bundle', 'ses_none', '--yes'], {}],
    [3, 'an id that is none', ['show', '../ledger'], {}],
    [3, 'no receipt', ['receipt', unknown], {}],
    [3, 'no such file', ['verify', 'nowhere.json'], {}],
    [3, 'no such folder', ['ledger', 'verify', '--dir', 'nowhere'], {}],
    [5, 'nobody there', ['reviews'], { url: 'http://127.0.0.1:9' }],
    [5, 'no URL', ['reviews'], { url: 'gateway' }],
    [6, 'a file that is no receipt', ['verify', import.meta.filename], {}],
    [7, 'no token', ['reviews'], { token: '' }],
    [7, 'a wrong token', ['reviews'], { token: 'sp_person_wrong' }],
  ];

  it.each(cases)('%i: %s', async (code, _name, args, lent) => {
    const ran = await sallyport(args, lent);
    expect(ran.code).toBe(code);
    const failed = code !== 0 && code !== exitCodes.verification_failed.code;
    expect(ran.notes).toMatch(failed ? /^sallyport: [a-z_.]+: \S/ : /^$/);
  });

  it.each(cases)('%i: %s, with --json as JSON', async (code, _name, args, lent) => {
    const ran = await sallyport([...args, '--json'], lent);
    expect({ code: ran.code, notes: ran.notes }).toEqual({ code, notes: '' });
    const failed = code !== 0 && code !== exitCodes.verification_failed.code;
    expect('error' in (JSON.parse(ran.shown) as object)).toBe(failed);
  });

  it('are all in their help', async () => {
    const { shown } = await sallyport(['help', 'exit-codes']);
    for (const { code } of Object.values(exitCodes)) expect(shown).toMatch(new RegExp(`^ +${code} `, 'm'));
  });

  it('mean one thing each', () => {
    const codes = Object.values(exitCodes).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

describe('every command', () => {
  it.each(commands)('$name is in the overview and has help of its own', async ({ name }) => {
    expect((await sallyport(['help'])).shown).toContain(`  ${name}`);
    expect((await sallyport([...name.split(' '), '--help'])).shown).toContain(`Usage: sallyport ${name}`);
  });
});

describe('a token from a file', () => {
  const file = join(directory, 'token');

  it('comes before the one of the environment', async () => {
    writeFileSync(file, `${tokens.vera}\n`);
    expect((await sallyport(['reviews', '--token-file', file], { token: tokens.ned })).code).toBe(0);
  });

  it('that is no token is not repeated', async () => {
    writeFileSync(file, 'secret one\nsecret two\n');
    const ran = await sallyport(['reviews', '--token-file', file]);
    expect(ran.code).toBe(7);
    expect(ran.notes + ran.shown).not.toContain('secret');
  });
});

describe('at a terminal', () => {
  it('approve shows the whole action before it asks, and approves after a yes', async () => {
    const command = `SELECT 1 ${'-- filler\n'.repeat(400)}; DROP TABLE payments`;
    const review = fake.add(makeReview({ command }));
    const ran = await sallyport(['approve', review.id], { answer: true });
    expect(ran.asked).toHaveLength(1);
    expect(ran.asked[0]).toMatch(/DROP TABLE payments[^]*Approve exactly this\?$/);
    expect(fake.reviews.get(review.id)).toMatchObject({ state: { status: 'approved' } });
  });

  it('approve sends nothing after a no', async () => {
    const review = fake.add(makeReview());
    const ran = await sallyport(['approve', review.id], { answer: false });
    expect({ code: ran.code, votes: fake.reviews.get(review.id)?.votes }).toEqual({ code: 2, votes: [] });
  });

  it('approve --json asks nobody and approves nothing', async () => {
    const review = fake.add(makeReview());
    const ran = await sallyport(['approve', review.id, '--json'], { answer: true });
    expect({ code: ran.code, asked: ran.asked }).toEqual({ code: 2, asked: [] });
  });

  it('approve says how many others are still needed', async () => {
    const [demand] = makeReview().subject.demands;
    const review = fake.add(makeReview({ demands: [{ ...demand!, quorum: 2 }] }));
    const ran = await sallyport(['approve', review.id], { answer: true });
    expect(ran.shown).toContain('Approved. It waits: 1 of 2 for classified-reads.');
  });

  it('approve --bundle shows every action whole, asks once, and approves each', async () => {
    const reviews = ['SELECT 1', 'DROP TABLE payments'].map((command) => fake.add(makeReview({ command })));
    const ran = await sallyport(['approve', '--bundle', 'ses_1'], { answer: true });
    expect(ran.asked).toHaveLength(1);
    expect(ran.asked[0]).toMatch(/SELECT 1[^]*DROP TABLE payments[^]*Approve all 2, exactly as shown\?$/);
    expect(reviews.map(({ id }) => fake.reviews.get(id)?.state.status)).toEqual(['approved', 'approved']);
    expect(ran.code).toBe(0);
  });

  it('approve --bundle sends nothing after a no', async () => {
    const review = fake.add(makeReview());
    const ran = await sallyport(['approve', '--bundle', 'ses_1'], { answer: false });
    expect({ code: ran.code, votes: fake.reviews.get(review.id)?.votes }).toEqual({ code: 2, votes: [] });
  });

  it('approve --bundle says which of them do not count, and does not end well', async () => {
    const own = { ...makeReview().subject.requester, sponsor: 'vera' };
    const [first, second] = [fake.add(makeReview()), fake.add(makeReview({ requester: own }))];
    const ran = await sallyport(['approve', '--bundle', 'ses_1', '--yes']);
    expect(ran.code).toBe(2);
    expect(ran.shown).toMatch(new RegExp(`${first.id}  approved by you[^]*${second.id}  vote.own_request`));
    expect(second.votes).toEqual([]);
  });

  it('approve --bundle sends no vote where one of them shows another action than its digest says', async () => {
    const review = fake.add(makeReview());
    const altered = makeReview();
    fake.add({ ...altered, subject: { ...altered.subject, command: 'SELECT 1' } });
    const ran = await sallyport(['approve', '--bundle', 'ses_1', '--yes']);
    expect({ code: ran.code, votes: fake.reviews.get(review.id)?.votes }).toEqual({ code: 6, votes: [] });
  });

  it('no error message of the gateway moves the cursor', async () => {
    const ran = await sallyport(['help', '\u001b[2J\u202e']);
    expect(ran.notes).toContain('⟨U+001B⟩[2J⟨U+202E⟩');
  });
});

describe('a question', () => {
  it('is asked by a reviewer, answered by the agent, and shown as its own words', async () => {
    const review = fake.add(makeReview());
    const asked = await sallyport(['ask', review.id, '--text', 'What for?']);
    expect(asked.shown).toMatch(/Questions  1 without an answer\n  1\. vera asked the agent at .* \(cli\)/);
    const forged = 'Newsletter.\n└───\nvera approved \u001b[2J';
    const answered = await sallyport(['answer', review.id, '1', '--text', forged], {
      token: tokens.reporter,
    });
    expect(answered).toMatchObject({ code: 0 });
    expect(answered.shown).toMatch(/ is pending until .*\nQuestions  all answered/);
    const { shown } = await sallyport(['show', review.id]);
    expect(shown).toMatch(/reporter answered at .*the agent’s own words; nobody checked them\n┌───\n│ News/);
    expect(shown).toContain('│ vera approved ⟨U+001B⟩[2J');
  });

  it('has one answer', async () => {
    const review = fake.add(makeReview());
    await sallyport(['ask', review.id, '--text', 'What for?', '--to', 'sponsor']);
    const ran = await sallyport(['answer', review.id, '1', '--text', 'x'], { token: tokens.reporter });
    expect({ code: ran.code, notes: ran.notes.split(':')[1] }).toEqual({
      code: 2,
      notes: ' question.not_yours',
    });
  });
});

it('retract takes a vote back, and says what is missing then', async () => {
  const [demand] = makeReview().subject.demands;
  const review = fake.add(makeReview({ demands: [{ ...demand!, quorum: 2 }] }));
  expect((await sallyport(['retract', review.id])).code).toBe(4);
  await sallyport(['approve', review.id, '--yes']);
  const ran = await sallyport(['retract', review.id]);
  expect(ran).toMatchObject({ code: 0, shown: 'Taken back. It waits: 0 of 2 for classified-reads.' });
});

it('token create writes nothing for a name or a kind that it refuses', async () => {
  await sallyport(['token', 'create', 'agent', 'a/b', '--out', directory]);
  await sallyport(['token', 'create', 'robot', 'r2', '--out', directory]);
  expect(readdirSync(directory).filter((name) => name !== 'token')).toEqual([]);
});

describe('attention', () => {
  it('reviews --group counts what looks alike and says how to decide on it', async () => {
    const shape = 'c'.repeat(64);
    const [first, second] = [makeReview({ command: 'SELECT 1' }), makeReview({ command: 'SELECT 2' })];
    for (const review of [first, second]) fake.add({ ...review, shape });
    const { shown } = await sallyport(['reviews', '--group']);
    expect(shown).toMatch(/^2 × SELECT on shop-db \(production\)  reporter for sam\n/);
    expect(shown).toContain(`sallyport reviews --shape ${shape}`);
    expect(shown).toContain('sallyport approve --bundle ses_1');
    expect(shown).toContain(`sallyport standing propose ${second.id} --reason`);
    const json = JSON.parse((await sallyport(['reviews', '--group', '--json'])).shown) as object;
    expect(json).toMatchObject({ groups: [{ shape, count: 2, newest: { id: second.id } }] });
  });

  it('a group of one proposes nothing', async () => {
    fake.add(makeReview());
    const { shown } = await sallyport(['reviews', '--group']);
    expect(shown).not.toContain('standing propose');
    fake.reviews.clear();
    expect((await sallyport(['reviews', '--group'])).shown).toBe('nothing waits');
  });

  it('shows each reviewer’s queue and figures, and which agents were told to back off', async () => {
    const { shown } = await sallyport(['attention']);
    expect(shown).toMatch(/dora +2 +4 +75 % +1 min 0 s +0 s +1 +1 of 1\n/);
    expect(shown).toMatch(/omar +1 +0 +- +- +- +0 +-\n/);
    expect(shown).toMatch(/reporter +3 +7$/);
    const json = JSON.parse((await sallyport(['attention', '--json'])).shown) as object;
    expect(json).toMatchObject({
      reviewers: [{ person: 'dora', shareApproved: 0.75 }, { shareApproved: null }],
    });
  });
});

describe('an approval that has to be signed ends with the address of the page where one signs', () => {
  it('of a review', async () => {
    const [demand] = makeReview().subject.demands;
    const review = fake.add(makeReview({ demands: [{ ...demand!, passkeyFromRisk: 0 }] }));
    const ran = await sallyport(['approve', review.id, '--yes']);
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain(`vote.passkey_required`);
    expect(ran.notes).toContain(`/reviews/${review.id}/sign`);
    expect(fake.reviews.get(review.id)?.votes).toEqual([]);
  });

  it('of a proposed standing grant', async () => {
    const digest = createHash('sha256').update(termsForm(terms)).digest('hex');
    const grant = standingGrant({ state: { status: 'proposed' }, votes: [], digest });
    const { store, standing } = fake.deps;
    vi.spyOn(store, 'read').mockResolvedValue(grant as never);
    const error = { code: 'vote.passkey_required', message: 'It has to be signed.' } as const;
    const voting = vi.spyOn(standing, 'vote').mockResolvedValue({ ok: false, error });
    const ran = await sallyport(['standing', 'approve', grant.id, '--yes']);
    expect(voting).toHaveBeenCalledOnce();
    expect(ran.code).toBe(2);
    expect(ran.notes).toContain(`It has to be signed. Open `);
    expect(ran.notes).toContain(`/standing-grants/${grant.id}/sign`);
    vi.restoreAllMocks();
  });
});

it.each([
  [['policy', 'chek'], 'did you mean policy check?'],
  [['polcy'], 'did you mean policy?'],
  [['revews'], 'did you mean reviews?'],
  [['policy'], 'there are policy check'],
  [['frobnicate'], 'see sallyport help'],
])('a command that there isn’t, %j, names the nearest one', async (args, said) => {
  expect((await sallyport(args)).notes).toContain(said);
});
