import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system-fixture.ts';
import { RawClient, reportsOf, typesOf } from '../support/system-raw.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem({
    limits: { reviewsPerAgentBurst: 1, reviewsPerAgentPerMinute: 1, holdMs: 1_000 },
  });
});
afterAll(() => system.close());

test('(B11) in SQL: 53400 with the seconds to back off in the hint; the session lives on, nothing has run', async () => {
  const client = await RawClient.connect(system);
  const held = await client.query("UPDATE customers SET email = 'a' WHERE id = 1");
  expect(reportsOf(held).at(-1)).toMatchObject({ code: '57014' });
  const refused = await client.query("UPDATE customers SET email = 'b' WHERE id = 1");
  expect(typesOf(refused)).toBe('EZ');
  expect(reportsOf(refused)[0]).toMatchObject({
    code: '53400',
    detail: expect.stringContaining('Code: review.too_fast.') as string,
    hint: expect.stringMatching(/^Send it again in [1-6]?\d seconds?\. A standing grant/) as string,
  });
  const again = await client.query('SELECT 1');
  expect(typesOf(again)).toContain('C');
  client.end();
  await system.checkLedger();
});
