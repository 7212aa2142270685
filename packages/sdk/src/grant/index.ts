/** For services that act on grants, and for callers that prove whose a grant is. */
export { canonicalJson } from './canonical.ts';
export { actionDigest, commandOf } from './digest.ts';
export type { DigestedAction } from './digest.ts';
export { createProofKey, verifyProof } from './proof.ts';
export type { ProofAbout, ProofCheck, ProofKey, ProofResult } from './proof.ts';
export { readKeys, redeemGrant } from './remote.ts';
export type { GatewayOptions } from './remote.ts';
export { ReplayCache } from './replay.ts';
export type { Replay } from './replay.ts';
export { verifyGrant } from './verify.ts';
export type { GrantCheck, GrantResult } from './verify.ts';
