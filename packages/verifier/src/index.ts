export {
  CanonicalError,
  canonicalFragment,
  canonicalString,
  canonicalize,
  parseCanonical,
} from './canonical.ts';
export type {
  CanonicalErrorCode,
  Fragment,
  JsonValue,
  ParseCanonicalCode,
  ParseCanonicalResult,
} from './canonical.ts';
export { HASH_BYTES, emptyRoot, leafInput, nodeInput } from './hash.ts';
export type { Hash, Sha256 } from './hash.ts';
export { appendLeafHash, emptyFrontier, rootOf } from './frontier.ts';
export type { Frontier } from './frontier.ts';
export { TILE_WIDTH, changedTiles, partialTiles, tilePath } from './tile.ts';
export type { ReadTile, TileCoordinates } from './tile.ts';
export { emptyEdge, frontierOf, growTiles, readEdge } from './tile-edge.ts';
export type { Tile, TileEdge } from './tile-edge.ts';
export { tileSubtrees } from './subtree.ts';
export type { ReadSubtree } from './subtree.ts';
export { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './merkle.ts';
export type { ConsistencyClaim, InclusionClaim } from './merkle.ts';
export { MAX_ENTRY_BYTES, decodeBundle, encodeBundle } from './bundle.ts';
export { cosignedMessage, cosigner, verifyCosignatures } from './cosignature.ts';
export type { Cosignature, CosignatureRefusal, VerifyCosignaturesResult } from './cosignature.ts';
export { encodeAddCheckpoint, parseAddCheckpoint } from './add-checkpoint.ts';
export type { AddCheckpoint } from './add-checkpoint.ts';
export { isQuorum, openUnderPolicy, parsePolicy } from './trust-policy.ts';
export type {
  OpenUnderPolicyResult,
  ParsePolicyResult,
  PolicyLog,
  PolicyRefusal,
  PolicyWitness,
  TrustPolicy,
} from './trust-policy.ts';
export { refuseWitnesses } from './receipt-witnesses.ts';
export type { WitnessFinding } from './receipt-witnesses.ts';
export { encodeVkey, keyIdOf, parseNote, parseVkey, signNote, signedText, verifyNote } from './note.ts';
export type {
  Note,
  NoteRefusal,
  NoteSignature,
  NoteSigner,
  SignatureType,
  VerifierKey,
  VerifyNoteResult,
  VerifySignature,
} from './note.ts';
export { formatCheckpoint, openCheckpoint, parseCheckpoint } from './checkpoint.ts';
export type { Checkpoint, CheckpointRefusal, OpenCheckpointResult } from './checkpoint.ts';
export { handoverText, openHandover } from './handover.ts';
export type { Handover } from './handover.ts';
export { encodeProof, parseProof, verifyProof } from './proof.ts';
export type { Proof, ProofRefusal, Trust, VerifyProofResult } from './proof.ts';
export { webCryptoVerifier } from './web-crypto.ts';
export { CANARY_SESSION_BYTES, canarySessionInput } from './canary-record.ts';
export { openingOf } from './canary-rules.ts';
export { commitmentOf } from './aside.ts';
export { decodeLeaf } from './leaf.ts';
export type {
  AttemptLeaf,
  BreakGlassLeaf,
  BreakGlassReviewLeaf,
  CanaryLeaf,
  DecodeLeafResult,
  GrantLeaf,
  HeartbeatLeaf,
  Leaf,
  NoticeLeaf,
  OutcomeLeaf,
  ReviewLeaf,
  VoteLeaf,
} from './leaf.ts';
export type { Silence } from './heartbeats.ts';
export type { RuleCode } from './rules.ts';
export { fromBase64url, toBase64url } from './bytes.ts';
export { refuseAssertion } from './assertion.ts';
export type { Assertion, AssertionRefusal, AssertionTerms, PasskeyCrypto } from './assertion.ts';
export { parsePasskeyKey, thumbprintOf } from './passkey-key.ts';
export type { PasskeyKey, VerifyPasskey } from './passkey-key.ts';
export type { PasskeyRecord } from './passkey-record.ts';
export { refuseVoteProof, voteChallenge } from './vote-proof.ts';
export type { PasskeyProof, ProvedVote, SignedVote, VotedOn, VoteProofRefusal } from './vote-proof.ts';
export type { SignatureCode } from './receipt-signatures.ts';
export { decodeReceipt, encodeReceipt } from './receipt.ts';
export type { Receipt, ReceiptEntry } from './receipt.ts';
export type { ReceiptSummary } from './receipt-summary.ts';
export { verifyReceipt } from './verify-receipt.ts';
export type { ReceiptCheck, ReceiptCheckName, ReceiptReport, ReceiptTrust } from './verify-receipt.ts';
export { verifyLog } from './verify-log.ts';
export type { LogEntry, LogFinding, LogFindingCode, LogReport, LogToVerify, Unproved } from './verify-log.ts';
export { rangeTiles } from './range.ts';
export type { ReadFile } from './folder-tiles.ts';
export { orFullTiles } from './full-tiles.ts';
export { decodeManifest, encodeManifest, fits } from './manifest.ts';
export type { ExportQuery, Manifest } from './manifest.ts';
export { verifyFolder } from './verify-folder.ts';
export type { FolderToVerify } from './verify-folder.ts';
export type { FolderFinding, FolderFindingCode, FolderReport, Undecided } from './folder-report.ts';
