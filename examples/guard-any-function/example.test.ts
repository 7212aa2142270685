import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningGateway } from '@sallyport/gateway/main';
import {
  dealings,
  decide,
  openActionsSite,
  type ActionsSite,
} from '../../packages/gateway/test/support/actions-site.ts';
import { checkWholeLedger } from '../../packages/gateway/test/support/system-ledger.ts';
import { refundTool } from './agent.ts';
import { startBilling, type Billing } from './billing.ts';

let site: ActionsSite;
let gateway: RunningGateway;
let billing: Billing;

beforeAll(async () => {
  site = await openActionsSite();
  gateway = await site.start();
  billing = await startBilling(gateway.api.address);
});

afterAll(async () => {
  billing.close();
  await gateway.close();
  site.remove();
});

test('a refund that a person approves is made once; one that they reject is not; nobody refunds without a grant', async () => {
  const at = dealings(site, gateway);
  const refund = refundTool({ url: at.url, token: site.tokens.refunder }, billing.url);

  const approved = refund({ invoice: 'A-17', cents: 4_200 });
  await decide(at, 'A-17');
  expect(await approved).toEqual({ refunded: 4_200 });

  const rejected = refund({ invoice: 'B-18', cents: 9_900_000 });
  rejected.catch(() => undefined);
  await decide(at, 'B-18', 'reject');
  await expect(rejected).rejects.toMatchObject({ code: 'review.rejected' });

  const bare = await fetch(`${billing.url}/refunds`, {
    method: 'POST',
    body: JSON.stringify({ invoice: 'C-19', cents: 1 }),
  });
  expect([bare.status, await bare.text()]).toEqual([403, 'token.malformed']);
  expect([...billing.refunds]).toEqual([['A-17', 4_200]]);
  const leaves = await checkWholeLedger(at.sam, gateway.ledger.vkey);
  expect(leaves.filter(({ kind }) => kind === 'intent')).toHaveLength(1);
});
