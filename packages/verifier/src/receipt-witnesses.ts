import { parseProof } from './proof.ts';
import { decodeReceipt } from './receipt.ts';
import { openUnderPolicy } from './trust-policy.ts';
import type { PolicyRefusal, TrustPolicy } from './trust-policy.ts';
import type { VerifySignature } from './note.ts';

export interface WitnessFinding {
  /** The entry whose proof it is; null where the file is no receipt. */
  readonly index: number | null;
  readonly code: PolicyRefusal | 'receipt.malformed' | 'proof.malformed';
}

/**
 * Whether each checkpoint of a receipt has the signature of a log of the policy and its quorum of cosignatures: empty
 * where it has. What the receipt says is another question: `verifyReceipt`.
 */
export async function refuseWitnesses(
  receipt: string,
  policy: TrustPolicy,
  verify: VerifySignature,
): Promise<readonly WitnessFinding[]> {
  const decoded = decodeReceipt(receipt);
  if (decoded === undefined) return [{ index: null, code: 'receipt.malformed' }];
  const findings: WitnessFinding[] = [];
  for (const { index, proof } of decoded.entries) {
    const parsed = parseProof(proof);
    if (parsed === undefined) {
      findings.push({ index, code: 'proof.malformed' });
      continue;
    }
    const opened = await openUnderPolicy(parsed.checkpoint, policy, verify);
    if (!opened.ok) findings.push({ index, code: opened.code });
  }
  return findings;
}
