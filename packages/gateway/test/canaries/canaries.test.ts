import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type pg from 'pg';
import { exportLog } from '../support/crash-checker.ts';
import type { GatewayProcess } from '../support/crash-process.ts';
import { agentName, openSite, type Site } from '../support/crash-site.ts';
import { reviewOf } from '../support/crash-work.ts';

/** Part of every secret that goes in; SQL identifiers are names, and names may be told. */
const CANARY = 'CANARY7f3';

let site: Site;
let gateway: GatewayProcess;
/** What came out of the gateway, by where it came out. */
const outputs = new Map<string, string>();
/** How each statement ended: by them one sees that all ways were gone. */
const ends: string[] = [];

const collect = (where: string, text: string): void => {
  outputs.set(where, `${outputs.get(where) ?? ''}\n${text}`);
};

beforeAll(async () => {
  site = await openSite();
  gateway = await site.start();
  await site.admin.query('INSERT INTO customers VALUES (1000, $1)', [`${CANARY}-row@example.com`]);
  await askAsAgent();
  await askTheApi();
  await readOutputs();
});

afterAll(() => site.remove());

type Judge = 'approve' | 'reject';

/** One statement to its end; who judges gives a reason with a canary too. */
async function ask(
  client: pg.Client,
  sql: string,
  values: readonly string[],
  judge: Judge = 'approve',
): Promise<void> {
  const decided: Promise<void>[] = [];
  const onNotice = (notice: { message?: string | undefined; detail?: string | undefined }): void => {
    collect('notice', JSON.stringify(notice));
    decided.push(decide(reviewOf(notice.message), judge));
  };
  client.on('notice', onNotice);
  await client.query(sql, [...values]).then(
    () => ends.push('done'),
    (error: { code?: string }) => ends.push(error.code ?? 'lost'),
  );
  await Promise.all(decided);
  client.off('notice', onNotice);
}

async function decide(id: string, kind: Judge): Promise<void> {
  const api = site.person(gateway);
  const { digest, rendering } = await api.getReview(id);
  await api.vote(id, { kind, digest, rendering, reason: `${CANARY}-reason` });
}

async function askAsAgent(): Promise<void> {
  const client = site.agent(gateway, {
    application_name: `${CANARY}-app`,
    options: `-c sallyport.task=${CANARY}-task`,
  });
  await client.connect();
  const comment = `/*task='${CANARY}-comment'*/`;
  const statements: readonly (readonly [string, string[], Judge?])[] = [
    [`SELECT '${CANARY}-allowed'`, []],
    ['SELECT $1::text', [`${CANARY}-bound`]],
    [`SELECT id FROM customers WHERE email = '${CANARY}-row@example.com' ${comment}`, []],
    ['SELECT email FROM customers WHERE id = 1000 LIMIT 1', []],
    [`INSERT INTO runs (marker) VALUES ('${CANARY}-approved') ${comment}`, []],
    ['INSERT INTO runs (marker) VALUES ($1)', [`${CANARY}-approved-bound`]],
    [`INSERT INTO runs (marker) VALUES ('${CANARY}-rejected')`, [], 'reject'],
    ['INSERT INTO runs (marker) VALUES ($1)', [`${CANARY}-rejected-bound`], 'reject'],
    // Failing in the target, whose error quotes the value.
    [`SELECT '${CANARY}-cast'::int`, []],
    ['SELECT $1::int', [`${CANARY}-cast`]],
    [`INSERT INTO customers VALUES (1000, '${CANARY}-row@example.com')`, []],
    // Denied, unparsable, unsupported, not entitled.
    [`COPY (SELECT '${CANARY}') TO PROGRAM '${CANARY}'`, []],
    [`SELEC '${CANARY}'`, []],
    [`SET client_encoding = '${CANARY}'`, []],
    [`SET sallyport.on_behalf_of = '${CANARY}'`, []],
    [`SELECT set_config('sallyport.on_behalf_of', '${CANARY}', false)`, []],
  ];
  for (const [sql, values, judge] of statements) await ask(client, sql, values, judge);
  await client.end();
  await refusedConnections();
}

async function refusedConnections(): Promise<void> {
  const attempts: pg.ClientConfig[] = [
    { password: `${CANARY}-password` },
    { user: CANARY.toLowerCase() },
    { database: CANARY },
    { options: `-c sallyport.on_behalf_of=${CANARY}` },
    { options: `-c not_known=${CANARY}` },
  ];
  for (const attempt of attempts) {
    const client = site.agent(gateway, attempt);
    await expect(client.connect()).rejects.toThrow();
  }
}

async function askTheApi(): Promise<void> {
  const call = async (path: string, token: string, body?: unknown): Promise<void> => {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-note': CANARY,
    };
    const answer = await fetch(gateway.apiUrl + path, { headers, ...init });
    expect(answer.status, path).toBeGreaterThanOrEqual(400);
    collect('problem', `${[...answer.headers].join()} ${await answer.text()}`);
  };
  const { sam } = site.personTokens;
  const { reviews } = await site.person(gateway).listReviews();
  const id = reviews[0]?.id ?? '';
  await call('/v1/reviews', `${CANARY}-token`);
  await call(`/v1/reviews/${CANARY}`, sam);
  await call(`/v1/reviews?status=${CANARY}`, sam);
  await call(`/${CANARY}`, sam);
  await call(`/v1/actions/${CANARY}/receipt`, sam);
  await call(`/v1/reviews/${id}/votes`, sam, { kind: CANARY, digest: CANARY });
  await call(`/v1/reviews/${id}/votes`, sam, {
    kind: 'reject',
    digest: '0'.repeat(64),
    rendering: '0'.repeat(64),
    reason: CANARY,
  });
  await call(`/v1/reviews/${id}/votes`, site.agentToken, {
    kind: 'reject',
    digest: '0'.repeat(64),
    rendering: '0'.repeat(64),
    reason: CANARY,
  });
  await call('/v1/ledger/entries', site.agentToken);
}

async function readOutputs(): Promise<void> {
  const api = site.person(gateway);
  const { reviews } = await api.listReviews();
  collect('list of reviews', JSON.stringify(reviews));
  collect('usage', JSON.stringify(await api.usage()));
  const scanned = await api.scanCatalog('shop');
  // The row with the canary was counted.
  expect(JSON.stringify(scanned.datasets)).toContain('"detector":"email"');
  collect('scan', JSON.stringify(scanned));
  const log = await exportLog(site, gateway);
  collect('ledger', log.text);
  for (const { id } of reviews) {
    const review = await api.getReview(id);
    collect('review', JSON.stringify(review));
    collect('preview', JSON.stringify(review.preview));
    collect('receipt', await api.receipt(id));
  }
  await gateway.stop();
  collect('log', gateway.log());
}

/** The text as it is, and as base64 and base64url would show it at each of the three alignments. */
function forms(secret: string): readonly string[] {
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + secret).toString('base64url');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [secret, ...encoded, Buffer.from(secret).toString('hex')].map((form) => form.toLowerCase());
}

const hits = (where: string, secret: string): readonly string[] => {
  const text = (outputs.get(where) ?? '').toLowerCase().replaceAll('+', '-').replaceAll('/', '_');
  return forms(secret).filter((form) => text.includes(form));
};

describe('law 8: what is secret comes out nowhere', () => {
  test('statements went every way: done, failed, denied, rejected, refused', () => {
    expect(ends).toEqual([
      ...['done', 'done', 'done', 'done', 'done', 'done', '42501', '42501'],
      ...['22P02', '22P02', '23505', '42501', '42601', '0A000', '42501', '42501'],
    ]);
  });

  test.each(['ledger', 'log', 'problem', 'notice', 'usage', 'list of reviews', 'preview', 'scan'])(
    'no literal, bound value, task, reason, row or word of the target’s error in: %s',
    (where) => {
      expect(outputs.get(where)?.length ?? 0, 'there is something to look through').toBeGreaterThan(100);
      expect(hits(where, CANARY)).toEqual([]);
    },
  );

  test('no credential in anything, not even where the statement itself is shown', () => {
    const credentials = [site.agentToken, site.targetPassword, ...Object.values(site.personTokens)];
    for (const where of outputs.keys())
      for (const credential of credentials) expect(hits(where, credential), where).toEqual([]);
  });

  test('who may see the statement sees it whole: the review, and the receipt’s asides', () => {
    for (const part of ['approved', 'rejected', 'approved-bound', 'comment', 'reason'])
      expect(outputs.get('review')).toContain(`${CANARY}-${part}`);
    expect(hits('receipt', `${CANARY}-approved`)).not.toEqual([]);
    expect(outputs.get('review')).toContain(agentName);
  });
});
