import type { z } from 'zod';
import { KeySet, Redeemed, type RedeemRequest } from '../contract/index.ts';
import { SallyportError } from '../errors.ts';
import { createTransport, type ClientOptions, type Init } from '../transport.ts';

/** The gateway whose grants a service accepts. */
export type GatewayOptions = Omit<ClientOptions, 'token'>;

/** The keys for `verifyGrant`. They change only when somebody changes the gateway's key file. */
export const readKeys = (gateway: GatewayOptions): Promise<KeySet> => ask(gateway, KeySet, '/v1/keys', {});

/**
 * Has the gateway check a grant and mark it as used: the one way that knows of a revocation since, and of a use by
 * another process of the same service. Rejects with the code of the check that failed.
 */
export const redeemGrant = (gateway: GatewayOptions, body: RedeemRequest): Promise<Redeemed> =>
  ask(gateway, Redeemed, '/v1/grants/redeem', { method: 'POST', body });

async function ask<T>(gateway: GatewayOptions, schema: z.ZodType<T>, path: string, init: Init): Promise<T> {
  const response = await createTransport({ ...gateway, token: null }).send(path, init);
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new SallyportError('client.unexpected_response', `the answer to ${path} is not of this contract`);
}
