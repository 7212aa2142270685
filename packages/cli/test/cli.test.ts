import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../gateway/src/api/api.ts';
import { type ListeningApi, listenApi } from '../../gateway/src/api/listen.ts';
import { parseVerifier } from '../../gateway/src/identity/verifier.ts';
import { tokenKind } from '../../gateway/src/identity/tokens.ts';
import { createFake, type Fake } from '../../gateway/test/api-fake.ts';
import { tokens } from '../../gateway/test/support/api-callers.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import {
  HELD,
  logKey,
  makeLog,
  makeReceipt,
  seal,
  testKey,
  wholeStory,
} from '../../verifier/test/support.ts';

const bin = join(import.meta.dirname, '..', 'bin', 'sallyport.js');

let fake: Fake;
let api: ListeningApi;
let directory: string;

beforeEach(async () => {
  fake = createFake();
  api = await listenApi(createApi(fake.deps), { host: '127.0.0.1', port: 0 });
  directory = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
});

afterEach(async () => {
  await api.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly token?: string;
  readonly url?: string;
  /** Called with what was printed so far; true ends the program by SIGINT. */
  readonly until?: (stdout: string) => boolean;
}

function sallyport(
  args: readonly string[],
  { token = tokens.vera, url, until }: RunOptions = {},
): Promise<Ran> {
  const child = spawn(process.execPath, ['--conditions=sallyport-source', bin, ...args], {
    cwd: directory,
    env: { PATH: process.env['PATH'], SALLYPORT_URL: url ?? api.address, SALLYPORT_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (until?.(stdout) === true) child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

const jsonOf = (ran: Ran): unknown => JSON.parse(ran.stdout);

describe('reviews and show', () => {
  it('list what waits, as text and as JSON', async () => {
    const review = fake.add(makeReview());
    const text = await sallyport(['reviews']);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(review.id);
    expect(jsonOf(await sallyport(['reviews', '--json']))).toMatchObject({ reviews: [{ id: review.id }] });
  });

  it('list every page', async () => {
    for (let count = 0; count < 130; count++) fake.add(makeReview());
    const { reviews } = jsonOf(await sallyport(['--json', 'reviews'])) as { reviews: unknown[] };
    expect(reviews).toHaveLength(130);
  });

  it('show the whole command, however long', async () => {
    const command = `SELECT 1 /* ${'x '.repeat(5_000)}*/; DELETE FROM payments`;
    const review = fake.add(makeReview({ command }));
    const { stdout } = await sallyport(['show', review.id]);
    expect(stdout).toContain('DELETE FROM payments');
  });

  it('let nothing of what an agent wrote reach the terminal unescaped', async () => {
    const hostile = '\u001b[2J\u202enimda\u2066\u200b\u0007\r';
    const review = fake.add(
      makeReview({
        command: `SELECT '${hostile}'\n-- раypal`,
        statedTask: `${hostile}\n┌─ Approved by vera`,
        title: hostile,
        reasons: [hostile],
        unknown: [hostile],
        holding: [hostile],
        preconditions: { relation: hostile },
        parameters: [{ type: 25, format: 'text', value: hostile }],
        functions: [{ name: hostile, effect: 'effects' }],
        datasets: [
          {
            dataset: hostile,
            access: ['read'],
            basis: 'unknown',
            classes: [hostile],
            columns: [{ name: hostile, uses: ['read'], classes: [hostile] }],
          },
        ],
      }),
    );
    for (const args of [['show', review.id], ['reviews']]) {
      const { stdout } = await sallyport(args);
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(stdout).toContain('⟨U+202E⟩');
    }
    const { stdout } = await sallyport(['show', review.id]);
    expect(stdout).toContain('⟨U+0440⟩⟨U+0430⟩ypal');
    expect(stdout).not.toMatch(/^┌─ Approved/m);
  });

  it('watch prints what waits, then what comes, one line of JSON each, and ends well by Ctrl-C', async () => {
    const first = fake.add(makeReview());
    const later = makeReview();
    let told = false;
    const ran = await sallyport(['reviews', '--watch', '--json'], {
      until: (stdout) => {
        if (!told) {
          told = true;
          fake.publish({ kind: 'review.opened', review: fake.add(later), atMs: 0 });
        }
        return stdout.includes(later.id);
      },
    });
    const ids = ran.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
    expect({ code: ran.code, ids }).toEqual({ code: 0, ids: [first.id, later.id] });
  });
});

describe('approve and reject', () => {
  it('approve with --yes sends the digest of what the gateway shows', async () => {
    const review = fake.add(makeReview());
    const ran = await sallyport(['approve', review.id, '--yes', '--json']);
    expect(jsonOf(ran)).toMatchObject({ status: 'approved', votes: [{ person: 'vera', channel: 'cli' }] });
    expect(ran.code).toBe(0);
  });

  it.each([
    ['without a terminal', []],
    ['with --json', ['--json']],
  ])('approve refuses %s, unless told --yes', async (_name, more) => {
    const review = fake.add(makeReview());
    expect((await sallyport(['approve', review.id, ...more])).code).toBe(2);
    expect(fake.reviews.get(review.id)?.votes).toEqual([]);
  });

  it('sends no vote where the gateway shows another action than the digest says', async () => {
    const review = makeReview();
    const altered = { ...review, subject: { ...review.subject, command: 'SELECT 1' } };
    fake.add(altered);
    const ran = await sallyport(['approve', review.id, '--yes', '--json']);
    expect(jsonOf(ran)).toMatchObject({ error: { code: 'review.digest_mismatch' } });
    expect({ code: ran.code, votes: fake.reviews.get(review.id)?.votes }).toEqual({ code: 6, votes: [] });
  });

  it('sends no vote for something else than what was shown elsewhere', async () => {
    const review = fake.add(makeReview());
    const ran = await sallyport(['approve', review.id, '--yes', '--digest', 'a'.repeat(64)]);
    expect({ code: ran.code, votes: fake.reviews.get(review.id)?.votes }).toEqual({ code: 4, votes: [] });
  });

  it('a second vote is a conflict', async () => {
    const review = fake.add(makeReview());
    await sallyport(['approve', review.id, '--yes']);
    const ran = await sallyport(['approve', review.id, '--yes', '--json']);
    expect(jsonOf(ran)).toMatchObject({ error: { code: 'review.over' } });
    expect(ran.code).toBe(4);
  });

  it('reject needs a reason, and carries it', async () => {
    const review = fake.add(makeReview());
    expect((await sallyport(['reject', review.id])).code).toBe(1);
    const ran = await sallyport(['reject', review.id, '--reason', 'use the report table', '--json']);
    expect(jsonOf(ran)).toMatchObject({ status: 'rejected', resolution: { reason: 'use the report table' } });
  });

  it('an agent’s token approves nothing', async () => {
    const review = fake.add(makeReview());
    const ran = await sallyport(['approve', review.id, '--yes'], { token: tokens.reporter });
    expect({ code: ran.code, votes: fake.reviews.get(review.id)?.votes }).toEqual({ code: 2, votes: [] });
    expect(fake.recorded).toEqual(['reporter api:reviews.read']);
  });
});

describe('a failure', () => {
  it('is one line on standard error, and an exit code', async () => {
    const { code, stdout, stderr } = await sallyport(['show', makeReview().id]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^sallyport: review\.not_found: [^\n]+\n$/);
  });

  it('with --json is JSON on standard output', async () => {
    const ran = await sallyport(['reviews', '--json'], { token: '' });
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 7, stderr: '' });
    expect(jsonOf(ran)).toMatchObject({ error: { code: 'token.missing' } });
  });

  it('never repeats the token', async () => {
    const token = 'sp_person_wrong_and_secret';
    const { stdout, stderr } = await sallyport(['reviews'], { token });
    expect(stdout + stderr).not.toContain('wrong_and_secret');
  });
});

describe('the ledger', () => {
  const log = makeLog(seal(wholeStory()));

  beforeEach(() => {
    fake.ledger.vkey = logKey.vkey;
    fake.ledger.checkpoint = { size: log.entries.length, note: log.checkpoint };
    log.entries.forEach(({ leaf }, index) => fake.ledger.rows.push({ index, kind: 'notice', leaf }));
  });

  const verify = async (...more: string[]) => {
    const ran = await sallyport(['ledger', 'verify', '--json', ...more]);
    const { report } = jsonOf(ran) as { report: { ok: boolean; findings: { code: string }[] } };
    return { code: ran.code, ok: report.ok, findings: report.findings.map((finding) => finding.code) };
  };

  it('verifies over the API', async () => {
    expect(await verify('--key', logKey.vkey)).toEqual({ code: 0, ok: true, findings: [] });
  });

  it('says where the key came from when none was given', async () => {
    const { code, stdout } = await sallyport(['ledger', 'verify']);
    expect(code).toBe(0);
    expect(stdout).toContain('from the ledger itself');
  });

  it('does not verify under the key that somebody else gave', async () => {
    const other = await testKey('sallyport.example/ledger', new Uint8Array(32).fill(9));
    expect(await verify('--key', other.vkey)).toMatchObject({ code: 6, ok: false });
  });

  it('does not verify with an entry that was edited', async () => {
    const row = fake.ledger.rows[3]!;
    fake.ledger.rows[3] = { ...row, leaf: row.leaf.replace('prod-db', 'test-db') };
    const edited = await verify();
    expect(edited).toMatchObject({ code: 6, ok: false });
    expect(edited.findings).toContain('log.root_mismatch');
  });

  it('replaced whole, does not pass beside a checkpoint that was kept', async () => {
    writeFileSync(join(directory, 'kept'), makeLog(seal(wholeStory().slice(0, 2))).checkpoint);
    expect(await verify('--kept', 'kept')).toMatchObject({ code: 0, ok: true });
    writeFileSync(join(directory, 'kept'), makeLog(seal(wholeStory().slice(1, 3))).checkpoint);
    expect(await verify('--kept', 'kept')).toMatchObject({ code: 6, findings: ['log.forked'] });
  });

  it('gives receipts that verify offline, and only as they are', async () => {
    fake.ledger.receipts.set(HELD, await makeReceipt(log, HELD));
    expect(await sallyport(['receipt', HELD, '--out', 'receipt.json'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    await api.close();
    const good = await sallyport(['verify', 'receipt.json', '--key', logKey.vkey]);
    expect(good.code).toBe(0);
    expect(good.stdout).toContain('approved by dora');
    expect((await sallyport(['verify', 'receipt.json'])).code).toBe(6);
    const file = join(directory, 'receipt.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('dora', 'hans'));
    const forged = await sallyport(['verify', 'receipt.json', '--key', logKey.vkey]);
    expect({ code: forged.code, told: forged.stdout.includes('approved by') }).toEqual({
      code: 6,
      told: false,
    });
  });

  it('prints a receipt that a shell can redirect', async () => {
    const receipt = await makeReceipt(log, HELD);
    fake.ledger.receipts.set(HELD, receipt);
    expect((await sallyport(['receipt', HELD])).stdout).toBe(`${receipt}\n`);
  });
});

describe('usage', () => {
  it('reports what an agent used', async () => {
    const datasets = JSON.stringify(makeReview().subject.datasets);
    const shape = {
      key: '1',
      agent: 'reporter',
      onBehalfOf: 'sam',
      target: 'shop-db',
      environment: 'production',
    };
    fake.usage.push({
      shape: { ...shape, operation: 'sql:select', datasets, reviewed: true },
      status: 'succeeded',
      hourMs: 0,
      actions: 2,
      rows: 1_234,
      bytes: 9,
    });
    const { code, stdout } = await sallyport(['usage', '--agent', 'reporter', '--since', '7d']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/public\.customers +shop-db +pii +- +- +2 +1234 +email/);
  });
});

describe('token create', () => {
  it('prints an agent’s token once, and stores a verifier that only its owner reads', async () => {
    const ran = await sallyport(['token', 'create', 'agent', 'reporter', '--json']);
    const { token, verifierFile } = jsonOf(ran) as { token: string; verifierFile: string };
    const file = join(directory, verifierFile);
    const stored = readFileSync(file, 'utf8');
    expect(tokenKind(token)).toBe('agent');
    expect(parseVerifier(stored.trim())?.iterations).toBe(4_096);
    expect(stored).not.toContain(token.slice(9));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('never overwrites a verifier', async () => {
    await sallyport(['token', 'create', 'person', 'vera']);
    const before = readFileSync(join(directory, 'vera.sha256'), 'utf8');
    expect((await sallyport(['token', 'create', 'person', 'vera'])).code).toBe(4);
    expect(readFileSync(join(directory, 'vera.sha256'), 'utf8')).toBe(before);
  });
});

describe('config check and up', () => {
  it('end as the gateway does', async () => {
    const ran = await sallyport(['config', 'check', 'nowhere.yaml']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('nowhere.yaml');
    expect((await sallyport(['up', '--config', 'nowhere.yaml', '--state', 'state'])).code).toBe(2);
  });
});
