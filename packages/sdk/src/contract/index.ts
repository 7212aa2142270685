/** The one wire contract of the gateway's API: what the gateway checks and documents, and what clients parse. */
export {
  ActionOutcome,
  ActionQuery,
  ActionRequest,
  ActionState,
  Arguments,
  DeclaredDataset,
  GrantRequest,
  isPlainObject,
  IssuedGrant,
  OutcomeReport,
  WithdrawRequest,
} from './action.ts';
export {
  AttentionQuery,
  AttentionReport,
  maxReviewGroups,
  ReviewGroupQuery,
  ReviewGroups,
} from './attention.ts';
export type { ReviewGroup } from './attention.ts';
export {
  Approvers,
  Delegation,
  DelegationId,
  DelegationList,
  DelegationRequest,
  ForeseenActionRequest,
  ForeseenApprovers,
  PolicyChange,
  PolicyChangeId,
  PolicyChangePage,
  PolicyChangeQuery,
  PolicyChangeSummary,
  PolicyProposal,
  PolicySet,
  PolicyVote,
} from './authority.ts';
export {
  Bundle,
  BundleVoteRequest,
  BundleVoteResult,
  BundleVoteResults,
  maxReviewsPerBundle,
} from './bundle.ts';
export {
  BreakGlass,
  BreakGlassChallengeRequest,
  BreakGlassClosing,
  BreakGlassOffer,
  BreakGlassPage,
  BreakGlassQuery,
  BreakGlassRequest,
  BreakGlassSignature,
  BreakGlassSummary,
} from './break-glass.ts';
export {
  ChannelCheck,
  ChannelList,
  Delivery,
  DeliveryPage,
  DeliveryQuery,
  maxDeliveriesPerPage,
} from './channel.ts';
export { ChatAccount, ChatLink, ChatLinkList, ChatLinkOffer, ChatLinkRequest } from './chat-link.ts';
export { ReviewEvent } from './event.ts';
export {
  AuthorizationDetail,
  Grant,
  GrantClaims,
  GrantHeader,
  GrantProblemCode,
  grantProblemCodes,
  grantType,
  KeySet,
  maxGrantSeconds,
  maxTokenLength,
  Redeemed,
  RedeemRequest,
} from './grant.ts';
export { CatalogScan, CatalogScanRequest } from './catalog.ts';
export {
  EntryPage,
  EntryQuery,
  Erasure,
  ErasureRequest,
  KeyRotation,
  LedgerStatus,
  maxEntriesPerPage,
} from './ledger.ts';
export {
  Assertion,
  Passkey,
  PasskeyId,
  PasskeyList,
  RegistrationOffer,
  RegistrationRequest,
  StandingVoteOffer,
  VoteOffer,
} from './passkey.ts';
export { ActionId, BreakGlassId, Count, Digest, ReviewId, StandingId, Timestamp } from './primitives.ts';
export {
  actionProblemCodes,
  apiProblemCodes,
  breakGlassProblemCodes,
  channelProblemCodes,
  chatProblemCodes,
  custodyProblemCodes,
  scanProblemCodes,
  delegationProblemCodes,
  policyChangeProblemCodes,
  passkeyProblemCodes,
  Problem,
  ProblemCode,
  refusalProblemCodes,
  standingProblemCodes,
  voteProblemCodes,
} from './problem.ts';
export {
  AnswerRequest,
  Dataset,
  Demand,
  maxReviewsPerPage,
  Parameter,
  Preview,
  Question,
  QuestionRequest,
  RetractRequest,
  Review,
  ReviewPage,
  ReviewQuery,
  ReviewState,
  ReviewStatus,
  ReviewSummary,
  Risk,
  Vote,
  VoteChallengeRequest,
  VoteRequest,
} from './review.ts';
export {
  maxStandingPerPage,
  ProposalRequest,
  Replay,
  ReplayRequest,
  RevocationRequest,
  StandingGrant,
  StandingPage,
  StandingQuery,
  StandingStatus,
  StandingSummary,
} from './standing.ts';
export { UsageQuery, UsageReport } from './usage.ts';
export type { UsageLine } from './usage.ts';
