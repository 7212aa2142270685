import type { Reads } from '../store.ts';
import type { EntryLog } from './entries.ts';
import type { State } from './state.ts';
import type { UsageTotals } from './usage.ts';

export type Answers = { readonly [K in keyof Reads]: (ask: Reads[K]['ask']) => Reads[K]['answer'] };

interface Asked {
  readonly log: EntryLog;
  readonly state: State;
  readonly usage: UsageTotals;
}

/** Every question that a store is asked: a row each, with who knows. */
export const answersOf = ({ log, state, usage }: Asked): Answers => ({
  review: ({ id }) => state.review(id),
  reviews: (ask) => state.reviews(ask),
  reviewGroups: (ask) => state.attention.groups(ask),
  attention: (ask) => state.attention.figures(ask),
  grants: (ask) => state.grants(ask),
  grant: ({ id }) => state.grant(id),
  standing: ({ id }) => state.standings.read(id),
  standings: (ask) => state.standings.list(ask),
  submission: ({ id }) => state.submissions.submission(id),
  grantedSubmissions: () => state.submissions.granted(),
  requestKey: (ask) => state.submissions.requestKey(ask),
  breakGlass: ({ id }) => state.breakGlass.read(id),
  breakGlasses: (ask) => state.breakGlass.list(ask),
  openCanaries: () => state.canaries.list(),
  canariesOpened: ({ sinceMs }) => state.canaries.opened(sinceMs),
  canaryPlan: () => state.canaries.planned(),
  chatLinks: () => state.chatLinks.read(),
  delivery: ({ id }) => state.deliveries.read(id),
  deliveries: (ask) => state.deliveries.list(ask),
  deliveryQueues: () => state.deliveries.queues(),
  nextDelivery: (ask) => state.deliveries.next(ask),
  dueDeliveries: (ask) => state.deliveries.due(ask),
  messageGroup: ({ id }) => state.groups.read(id),
  lastGroup: (ask) => state.groups.last(ask),
  groupPending: (ask) => state.groups.pending(ask),
  passkey: ({ id }) => state.passkeys.read(id),
  passkeys: ({ identity }) => state.passkeys.ofIdentity(identity),
  delegations: (ask) => state.governance.list('delegation', ask),
  policyChange: ({ id }) => state.governance.read('policy_change', id),
  policyChanges: (ask) => state.governance.list('policy_change', ask),
  pendingReview: ({ binding }) => state.pendingReview(binding),
  entries: ({ from, limit }) => log.entries(from, limit),
  entriesOfAction: ({ action }) => log.entriesOfAction(action),
  leafHashes: ({ from, limit }) => log.leafHashes(from, limit),
  tile: (ask) => state.tile(ask),
  checkpoint: () => state.checkpoint(),
  handovers: () => state.handovers(),
  size: () => log.size,
  openIntents: () => log.openIntents(),
  usage: (ask) => usage.read(ask),
  habits: (ask) => usage.habits(ask),
});
