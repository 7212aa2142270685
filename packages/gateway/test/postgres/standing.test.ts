import { SallyportError, type SallyportClient } from '@sallyport/sdk';
import type { ProposalRequest, StandingGrant } from '@sallyport/sdk/contract';
import { verifyReceipt, webCryptoVerifier } from '@sallyport/verifier';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectPg, refusalOf } from '../support/system-drivers.ts';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { eventually } from '../support/system-wait.ts';

let system: TestSystem;
let client: pg.Client;

beforeAll(async () => {
  system = await startTestSystem({ schema: 'CREATE TABLE notes (id int PRIMARY KEY, body text)' });
});
afterAll(() => system.close());
beforeEach(async () => {
  ({ client } = await connectPg(system));
});
afterEach(async () => {
  await client.end();
  const { standingGrants } = await system.sam.listStandingGrants({ status: 'live' });
  for (const { id } of standingGrants)
    await system.sam.revokeStandingGrant(id, { reason: 'end of the test' });
  await system.checkLedger();
});

const SQL = "SELECT email FROM customers WHERE country = 'DE' AND id < 5000 LIMIT 150";
const HOUR_MS = 3_600_000;
const later = (ms: number): string => new Date(Date.now() + ms).toISOString();
const wish = (given: Partial<ProposalRequest> = {}): ProposalRequest => ({
  maxUses: 50,
  validUntil: later(2 * HOUR_MS),
  reason: 'support asks for these all morning',
  constraints: [{ field: 'literal 1', constraint: { kind: 'oneOf', values: ['DE', 'CH', 'AT'] } }],
  ...given,
});

/** Whether a statement ran at once, or waits for people; those then reject it. */
async function fate(query: pg.QueryConfig | string, by: pg.Client = client): Promise<string> {
  const ended = by.query(query).then(
    () => 'ran',
    (error: pg.DatabaseError) => `refused ${error.message}`,
  );
  const review = eventually('a review or an end', async () => {
    const { reviews } = await system.sam.listReviews({ status: 'pending', limit: 1 });
    return reviews[0]?.id;
  }).catch(() => undefined);
  const first = await Promise.race([ended, review]);
  if (first === 'ran' || first?.startsWith('refused') === true) return first;
  const { id, digest, rendering } = await system.sam.getReview(first ?? '');
  await system.sam.vote(id, { kind: 'reject', reason: 'not this one', digest, rendering });
  await ended;
  return 'review';
}

/** Sends a statement that is held, and approves it; resolves with its review's id. */
async function approvedOnce(query: pg.QueryConfig | string): Promise<string> {
  const running = client.query(query);
  const text = typeof query === 'string' ? query : (query.text ?? '');
  const { id } = await system.approve(text);
  await running;
  return id;
}

const vote = async (id: string, by: SallyportClient, kind: 'approve' | 'reject' = 'approve') => {
  const { digest, rendering } = await by.getStandingGrant(id);
  return by.voteOnStandingGrant(id, { kind, digest, rendering, reason: kind === 'reject' ? 'no' : '' });
};

/** A grant that is live, made of one approved statement. */
async function live(
  query: pg.QueryConfig | string,
  given: Partial<ProposalRequest> = {},
): Promise<StandingGrant> {
  const review = await approvedOnce(query);
  const { id } = await system.sam.proposeStandingGrant(review, wish(given));
  const granted = await vote(id, system.as('kim'));
  expect(granted.status).toBe('live');
  return granted;
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof SallyportError ? error.code : String(error)),
  );

describe('a standing grant', () => {
  test('lets the like of one action run without a review of its own, and each use is recorded against it', async () => {
    const { id } = await live(SQL);
    expect(await fate(SQL)).toBe('ran');
    expect(await fate(SQL.replace("'DE'", "'CH'"))).toBe('ran');
    const used = await eventually('both uses with their rows', async () => {
      const grant = await system.sam.getStandingGrant(id);
      return grant.used.length === 2 && grant.used.every((use) => use.settled) ? grant : undefined;
    });
    expect(used.used[0]?.rows).toBeGreaterThan(0);
    const intents = (await system.checkLedger()).filter(
      (leaf) => leaf.standing === id && leaf.kind === 'intent',
    );
    expect(intents.map((leaf) => leaf.action)).toEqual(used.used.map((use) => use.action));
    const { standingGrants } = await system.sam.listStandingGrants({ agent: system.agent, status: 'live' });
    expect(standingGrants).toMatchObject([{ id, uses: 2, maxUses: 50 }]);
  });

  test('has a receipt for each use, which an outsider verifies with the people who approved the grant', async () => {
    const { id } = await live(SQL);
    await fate(SQL);
    const [use] = (await system.sam.getStandingGrant(id)).used;
    await system.checkLedger();
    const { vkey } = await system.sam.ledgerStatus();
    const report = await verifyReceipt(await system.sam.receipt(use?.action ?? ''), {
      trustedKey: vkey,
      ...webCryptoVerifier(),
    });
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report.summary?.votes.map((each) => each.person)).toEqual(['kim']);
  });

  test('gives no leave while people still vote, nor after they rejected it', async () => {
    const review = await approvedOnce(SQL);
    const { id } = await system.sam.proposeStandingGrant(review, wish());
    expect(await fate(SQL)).toBe('review');
    expect((await vote(id, system.as('kim'), 'reject')).status).toBe('rejected');
    expect(await fate(SQL)).toBe('review');
    expect(await codeOf(vote(id, system.sam))).toBe('standing.over');
  });

  test('is over at once when it is revoked', async () => {
    const { id } = await live(SQL);
    expect(await fate(SQL)).toBe('ran');
    const revoked = await system.as('kim').revokeStandingGrant(id, { reason: 'the ticket is closed' });
    expect(revoked).toMatchObject({ status: 'revoked', end: { by: 'kim' } });
    expect(await fate(SQL)).toBe('review');
    expect(await codeOf(system.sam.revokeStandingGrant(id, { reason: 'again' }))).toBe('standing.over');
  });

  test('is used as often as it says by any number of clients at once, and no more', async () => {
    const { id } = await live(SQL, { maxUses: 2 });
    const clients = await Promise.all(Array.from({ length: 50 }, () => connectPg(system)));
    let ended = 0;
    let ran = 0;
    for (const { client: racer } of clients) {
      void racer
        .query(SQL)
        .then(
          () => (ran += 1),
          () => undefined,
        )
        .finally(() => (ended += 1));
    }
    await eventually('everybody’s end', async () => {
      const { reviews } = await system.sam.listReviews({ status: 'pending' });
      for (const review of reviews) {
        const { digest, rendering } = await system.sam.getReview(review.id);
        await codeOf(system.sam.vote(review.id, { kind: 'reject', reason: 'raced', digest, rendering }));
      }
      return ended === clients.length ? ended : undefined;
    });
    expect(ran).toBe(2);
    const grant = await system.sam.getStandingGrant(id);
    expect(grant.status).toBe('exhausted');
    expect(grant.used).toHaveLength(2);
    await Promise.all(clients.map(({ client: racer }) => racer.end()));
  });

  test('stops where its rows are used up: what one use can have is taken before it runs', async () => {
    await live(SQL, { maxRows: 150 });
    expect(await fate(SQL)).toBe('ran');
    await system.checkLedger();
    expect(await fate(SQL)).toBe('review');
  });

  test('covers bound values by their field, type and format', async () => {
    const text = 'SELECT email FROM customers WHERE id >= $1 AND country = $2 LIMIT 150';
    const typed = (values: unknown[]): pg.QueryConfig => ({ text, values });
    const constraints: ProposalRequest['constraints'] = [
      { field: '$1', constraint: { kind: 'range', order: 'number', min: '1', max: '1000' } },
    ];
    await live(typed([10, 'DE']), { constraints });
    expect(await fate(typed([999, 'DE']))).toBe('ran');
    expect(await fate(typed([1001, 'DE']))).toBe('review');
    expect(await fate(typed(['1e2', 'DE']))).toBe('review');
    expect(await fate(typed([10, 'CH']))).toBe('review');
    expect(await fate(typed([null, 'DE']))).toBe('review');
  });
});

describe('what isn’t exactly the like of it gets a review of its own', () => {
  const tricks: readonly (readonly [what: string, sql: string])[] = [
    ['another value in the field', SQL.replace("'DE'", "'FR'")],
    ['the value with a quotation mark that goes on', SQL.replace("'DE'", "'DE'' OR 1=1'")],
    ['another literal in another slot', SQL.replace('5000', '5001')],
    ['another limit', SQL.replace('LIMIT 150', 'LIMIT 151')],
    ['a comment', SQL.replace('SELECT', 'SELECT /* the same */')],
    ['a comment at its end', `${SQL} -- the same`],
    ['other case', SQL.replace('email', 'EMAIL')],
    ['another space', SQL.replace(' FROM', '  FROM')],
    ['a look-alike letter in a value', SQL.replace("'DE'", "'\u0421H'")],
    ['a value of another form', SQL.replace("'DE'", "E'DE'")],
    ['a column more', SQL.replace('email', 'email, phone')],
    ['another column', SQL.replace('email', 'phone')],
    ['another table by the same name of a CTE', `WITH c AS (SELECT phone FROM customers) ${SQL}`],
    ['a condition more', SQL.replace('LIMIT', 'OR true LIMIT')],
    ['a statement more', `${SQL}; SELECT 1`],
    ['the same inside of EXPLAIN ANALYZE', `EXPLAIN ANALYZE ${SQL}`],
    ['the same with a prefix that it begins with', `${SQL} OFFSET 1`],
  ];

  test('string tricks with real statements', { timeout: 60_000 }, async () => {
    await live(SQL);
    expect(await fate(SQL)).toBe('ran');
    for (const [what, sql] of tricks) expect([what, await fate(sql)]).toEqual([what, 'review']);
    expect(await fate(SQL)).toBe('ran');
  });

  test('another search path', async () => {
    await live(SQL);
    const { client: own } = await connectPg(system, { options: '-c search_path=pg_catalog,public' });
    expect(await fate(SQL, own)).toBe('review');
    expect(await fate(SQL)).toBe('ran');
    await own.end();
  });

  test('the same text about a temporary table of the same name', async () => {
    await live(SQL);
    const { client: own } = await connectPg(system);
    const creating = own.query(
      "CREATE TEMPORARY TABLE customers AS SELECT 'x' AS email, 'DE' AS country, 1 AS id",
    );
    await system.approve('CREATE TEMPORARY');
    await creating;
    expect(await fate(SQL, own)).not.toBe('ran');
    await own.end();
  });

  test('another type of a parameter', async () => {
    const text = 'SELECT email FROM customers WHERE id >= $1 LIMIT 150';
    await live({ text, values: [10] }, { constraints: [] });
    expect(await fate({ text, values: [10] })).toBe('ran');
    expect(await fate({ text: text.replace('$1', '$1::int8'), values: [10] })).toBe('review');
  });

  test('a prepared statement under an old name', async () => {
    const { client: own } = await connectPg(system);
    await own.query("PREPARE p AS SELECT email FROM customers WHERE country = 'DE' LIMIT 150");
    const running = own.query('EXECUTE p');
    const { id } = await system.approve('EXECUTE p');
    await running;
    expect(await codeOf(system.sam.proposeStandingGrant(id, wish({ constraints: [] })))).toBe(
      'standing.unfit',
    );
    await own.end();
  });
});

describe('who may', () => {
  test('an agent neither proposes nor votes nor revokes (B12), and nobody does for their own agent (law 4)', async () => {
    const review = await approvedOnce(SQL);
    const agent = system.as('agent');
    expect(await codeOf(agent.proposeStandingGrant(review, wish()))).toBe('vote.not_a_person');
    expect(await codeOf(system.as('ana').proposeStandingGrant(review, wish()))).toBe('vote.own_request');
    expect(await codeOf(system.as('olga').proposeStandingGrant(review, wish()))).toBe('vote.not_entitled');
    const { id, digest, rendering } = await system.sam.proposeStandingGrant(review, wish());
    const ballot = { kind: 'approve', digest, rendering } as const;
    expect(await codeOf(agent.voteOnStandingGrant(id, ballot))).toBe('vote.not_a_person');
    expect(await codeOf(agent.revokeStandingGrant(id, { reason: 'x' }))).toBe('vote.not_a_person');
    expect(await codeOf(system.as('ana').voteOnStandingGrant(id, ballot))).toBe('vote.own_request');
    expect(await codeOf(system.as('olga').voteOnStandingGrant(id, ballot))).toBe('vote.not_entitled');
    expect(await codeOf(system.as('olga').revokeStandingGrant(id, { reason: 'x' }))).toBe(
      'vote.not_entitled',
    );
    expect((await system.as('ana').revokeStandingGrant(id, { reason: 'I don’t want it' })).status).toBe(
      'revoked',
    );
  });

  test('a proposal takes the quorum of the action’s own demands: of distinct people', async () => {
    const sql = "INSERT INTO notes SELECT id, 'x' FROM customers";
    const held = refusalOf(client.query(sql));
    const review = await system.pending('INSERT INTO notes');
    expect(await codeOf(system.sam.proposeStandingGrant(review.id, wish({ constraints: [] })))).toBe(
      'standing.unfit',
    );
    await system.reject('INSERT INTO notes', 'no');
    await held;
  });

  test('a vote on what has changed since is a conflict (A4)', async () => {
    const review = await approvedOnce(SQL);
    const { id, digest, rendering } = await system.sam.proposeStandingGrant(review, wish());
    const kim = system.as('kim');
    const other = 'a'.repeat(64);
    expect(await codeOf(kim.voteOnStandingGrant(id, { kind: 'approve', digest: other, rendering }))).toBe(
      'vote.digest_mismatch',
    );
    expect(await codeOf(kim.voteOnStandingGrant(id, { kind: 'approve', digest, rendering: other }))).toBe(
      'vote.rendering_mismatch',
    );
  });

  test.each([
    ['standing.terms', { validUntil: later(25 * HOUR_MS) }],
    ['standing.terms', { validUntil: later(-1_000) }],
    ['standing.terms', { maxUses: 501 }],
    ['standing.terms', { maxRowsPerUse: 149 }],
    [
      'standing.constraint',
      { constraints: [{ field: 'literal 9', constraint: { kind: 'equals', value: 'x' } }] },
    ],
    [
      'standing.constraint',
      { constraints: [{ field: 'literal 1', constraint: { kind: 'oneOf', values: ['FR'] } }] },
    ],
    [
      'standing.constraint',
      {
        constraints: [
          { field: 'literal 1', constraint: { kind: 'range', order: 'number', min: '1', max: '2' } },
        ],
      },
    ],
  ] as const)('a proposal is refused with %s: %j', async (code, given) => {
    const review = (await system.reviewsOf(SQL))[0]?.id ?? (await approvedOnce(SQL));
    expect(
      await codeOf(
        system.sam.proposeStandingGrant(review, wish(given as unknown as Partial<ProposalRequest>)),
      ),
    ).toBe(code);
  });
});

test('a replay shows which recorded actions it would have covered, and what keeps the others out', async () => {
  const review = await approvedOnce(SQL);
  await approvedOnce(SQL.replace("'DE'", "'CH'"));
  await approvedOnce(SQL.replace("'DE'", "'IT'"));
  await approvedOnce(SQL.replace('email', 'phone'));
  const { reason: _, ...terms } = wish();
  const before = await system.sam.ledgerStatus();
  const replay = await system.sam.previewStandingGrant({ review, ...terms });
  expect(replay.complete).toBe(true);
  expect(replay.coveredCount).toBeGreaterThanOrEqual(2);
  const codes = replay.nearMisses.map((each) => each.uncovered?.code);
  expect(codes).toEqual(expect.arrayContaining(['standing.field', 'standing.template']));
  const own = (await system.sam.getReview(review)).action;
  expect(replay.covered.map((each) => each.action)).toContain(own);
  expect((await system.sam.ledgerStatus()).size).toBe(before.size);
});
