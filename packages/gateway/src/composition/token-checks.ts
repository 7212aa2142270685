/** The part of the composition root that checks the gateway's own grants, as resource servers do. */
import { KeySet } from '@sallyport/sdk/contract';
import { type Replay, ReplayCache, verifyGrant, verifyProof } from '@sallyport/sdk/grant';
import type { Issuer } from '../connectors/api/issuer.ts';
import { err, ok } from '../core/result.ts';
import type { TokenChecks } from '../ports.ts';
import { clock } from '../system.ts';

/** The checks that resource servers do, in the gateway's own name. A token's first use is a matter of the store. */
export function tokenChecks({ keys }: Issuer, issuer: string): TokenChecks {
  const keySet = KeySet.parse(keys);
  const proofs = new ReplayCache();
  const replay: Replay = {
    take: (id, untilMs, nowMs) => !id.startsWith('proof ') || proofs.take(id, untilMs, nowMs),
  };
  return {
    proof: async (ask) => {
      const checked = await verifyProof({ ...ask, grant: null, nowMs: clock.nowMs(), replay });
      return checked.ok ? ok(checked.thumbprint) : err(checked.code);
    },
    grant: async (ask) => {
      const checked = await verifyGrant({ ...ask, issuer, keys: keySet, nowMs: clock.nowMs(), replay });
      if (!checked.ok) return err(checked.code);
      const { jti, sub, authorization_details: details } = checked.claims;
      return ok({ id: jti, agent: sub, action: details[0].action });
    },
  };
}
