import { hash } from 'node:crypto';
import { figuresOf } from '../../core/attention.ts';
import type { ActionId } from '../../core/ids.ts';
import type { Review } from '../../core/review.ts';
import { statusOf } from '../../core/standing.ts';
import type { EntryRow, HabitRow, Reads, ReviewGroup, UsageRow } from '../store.ts';
import type { GovernanceRecord } from '../store-governance.ts';
import { chatLinkReads } from './chat-links.ts';
import { deliveryReads } from './deliveries.ts';
import { overlaps, tileKey } from './medium.ts';
import type { HeldEntry, MemoryMedium } from './medium.ts';
import { findPending, isSameBinding, requestKeyName } from './mutations.ts';

type Table = {
  readonly [K in keyof Reads]: (medium: MemoryMedium, ask: Reads[K]['ask']) => Reads[K]['answer'];
};

const byId = (left: { readonly id: string }, right: { readonly id: string }): number =>
  left.id < right.id ? -1 : Number(left.id > right.id);

function groupOf(shape: string, members: readonly Review[]): ReviewGroup[] {
  const [oldest, newest] = [members[0], members.at(-1)];
  if (oldest === undefined || newest === undefined) return [];
  return [{ shape, count: members.length, oldest: oldest.id, newest }];
}

/** Newest first. */
function pageOf<K extends GovernanceRecord['kind']>(
  records: MemoryMedium['governance'],
  kind: K,
  { limit, before }: { readonly limit: number; readonly before: string | null },
): Extract<GovernanceRecord, { kind: K }>[] {
  return [...records.values()]
    .filter((record): record is Extract<GovernanceRecord, { kind: K }> => record.kind === kind)
    .filter((record) => before === null || record.id < before)
    .sort((left, right) => byId(right, left))
    .slice(0, limit);
}

/** RFC 6962 §2.1. */
function leafHash({ leaf }: EntryRow): Uint8Array {
  return hash('sha256', Buffer.concat([Uint8Array.of(0), Buffer.from(leaf)]), 'buffer');
}

function openIntents(entries: readonly EntryRow[]): { readonly index: number; readonly action: ActionId }[] {
  const open = new Map<ActionId, number>();
  for (const { kind, action, index } of entries) {
    if (action === null) continue;
    if (kind === 'intent' && !open.has(action)) open.set(action, index);
    if (kind === 'outcome') open.delete(action);
  }
  return [...open].map(([action, index]) => ({ index, action }));
}

const rowOf = ({ subject: _, ...row }: HeldEntry): EntryRow => row;

const hourOfDay = (hourMs: number): number => (hourMs / 3_600_000) % 24;
const byText = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

function habitOf(rows: readonly UsageRow[]): HabitRow[] {
  const [first] = rows;
  if (first === undefined) return [];
  return [
    {
      shape: first.shape,
      hourOfDay: hourOfDay(first.hourMs),
      hours: rows.length,
      actions: rows.reduce((sum, { actions }) => sum + actions, 0),
      lastHourMs: Math.max(...rows.map(({ hourMs }) => hourMs)),
    },
  ];
}

const table: Table = {
  review: ({ reviews }, { id }) => reviews.get(id) ?? null,
  reviews: ({ reviews }, { status, agent, session, target, minRisk, shape, limit, before }) =>
    [...reviews.values()]
      .filter((review) => status === null || review.state.status === status)
      .filter((review) => agent === null || review.subject.requester.agent === agent)
      .filter((review) => (session ?? null) === null || review.subject.requester.session === session)
      .filter((review) => (target ?? null) === null || review.subject.target.name === target)
      .filter((review) => review.subject.risk.score >= (minRisk ?? 0))
      .filter((review) => (shape ?? null) === null || review.shape === shape)
      .filter((review) => before === null || review.id < before)
      .sort((left, right) => byId(right, left))
      .slice(0, limit),
  reviewGroups: ({ reviews }, { agent, limit }) => {
    const pending = [...reviews.values()]
      .filter(
        ({ state, subject }) => state.status === 'pending' && [null, subject.requester.agent].includes(agent),
      )
      .sort(byId);
    return [...Map.groupBy(pending, (review) => review.shape)]
      .flatMap(([shape, members]) => groupOf(shape, members))
      .sort((left, right) => right.count - left.count || byId(right.newest, left.newest))
      .slice(0, limit);
  },
  attention: ({ judgments }, { sinceMs, untilMs, pace, most }) => {
    const within = [...judgments.values()]
      .filter(({ atMs }) => sinceMs <= atMs && atMs < untilMs)
      .sort((left, right) => right.atMs - left.atMs);
    return { reviewers: figuresOf(within.slice(0, most), pace), complete: within.length <= most };
  },
  grants: ({ grants }, { binding, atMs }) =>
    [...grants.values()]
      .filter((grant) => grant.state.status === 'live' && atMs < grant.expiresAtMs)
      .filter((grant) => isSameBinding(grant.binding, binding))
      .sort(byId),
  grant: ({ grants }, { id }) => grants.get(id) ?? null,
  standing: ({ standings }, { id }) => standings.get(id) ?? null,
  standings: ({ standings }, { agent, status, atMs, limit, before }) =>
    [...standings.values()]
      .filter((grant) => status === null || statusOf(grant, atMs) === status)
      .filter((grant) => agent === null || grant.terms.agent === agent)
      .filter((grant) => before === null || grant.id < before)
      .sort((left, right) => byId(right, left))
      .slice(0, limit),
  submission: ({ submissions }, { id }) => submissions.get(id) ?? null,
  grantedSubmissions: ({ submissions }) =>
    [...submissions.values()].filter(({ state }) => state.status === 'granted').sort(byId),
  requestKey: ({ keys }, { atMs, ...ask }) => {
    const known = keys.get(requestKeyName(ask));
    return known !== undefined && atMs < known.expiresAtMs ? known : null;
  },
  passkey: ({ passkeys }, { id }) => passkeys.get(id) ?? null,
  passkeys: ({ passkeys }, { identity }) =>
    [...passkeys.values()]
      .filter(({ passkey }) => passkey.identity === identity)
      .sort((left, right) => byId(left.passkey, right.passkey)),
  breakGlass: ({ breakGlass }, { id }) => breakGlass.get(id) ?? null,
  breakGlasses: ({ breakGlass }, { open, limit, before }) =>
    [...breakGlass.values()]
      .filter((use) => open === null || (use.closing === null) === open)
      .filter((use) => before === null || use.id < before)
      .sort((left, right) => byId(right, left))
      .slice(0, limit),
  openCanaries: ({ canaries }) =>
    [...canaries.values()]
      .filter(({ revealed }) => !revealed)
      .map(({ revealed: _, ...canary }) => canary)
      .sort((left, right) => (left.action < right.action ? -1 : 1)),
  canariesOpened: ({ canaries }, { sinceMs }) =>
    [...canaries.values()].filter(({ openedAtMs }) => openedAtMs > sinceMs).length,
  canaryPlan: ({ canaryPlan }) => canaryPlan.get('only') ?? null,
  delegations: ({ governance }, ask) => pageOf(governance, 'delegation', ask),
  policyChange: ({ governance }, { id }) => {
    const record = governance.get(id);
    return record?.kind === 'policy_change' ? record : null;
  },
  policyChanges: ({ governance }, ask) => pageOf(governance, 'policy_change', ask),
  ...chatLinkReads,
  ...deliveryReads,
  pendingReview: (medium, { binding }) => findPending(medium, binding),
  entries: ({ entries }, { from, limit }) => entries.slice(from, from + limit).map(rowOf),
  entriesOfAction: ({ entries }, { action }) => entries.filter((entry) => entry.action === action).map(rowOf),
  leafHashes: ({ entries }, { from, limit }) =>
    new Uint8Array(Buffer.concat(entries.slice(from, from + limit).map(leafHash))),
  tile: ({ tiles }, { level, index }) => tiles.get(tileKey(level, index)) ?? null,
  checkpoint: ({ checkpoints }) => checkpoints.get('only') ?? null,
  handovers: ({ handovers }) => [...handovers.values()],
  size: ({ entries }) => entries.length,
  openIntents: ({ entries }) => openIntents(entries),
  usage: ({ usage }, { agent, sinceMs, untilMs }) =>
    [...usage]
      .filter(([, row]) => overlaps(row, sinceMs, untilMs) && (agent === null || row.shape.agent === agent))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, row]) => row),
  habits: ({ usage }, { sinceMs, limit }) =>
    [
      ...Map.groupBy(
        [...usage.values()].filter(({ hourMs, status }) => hourMs >= sinceMs && status === 'succeeded'),
        ({ shape, hourMs }) => `${shape.key} ${hourOfDay(hourMs).toString()}`,
      ).values(),
    ]
      .flatMap(habitOf)
      .sort(
        (left, right) =>
          right.lastHourMs - left.lastHourMs ||
          byText(left.shape.key, right.shape.key) ||
          left.hourOfDay - right.hourOfDay,
      )
      .slice(0, limit),
};

export function answer<K extends keyof Reads>(
  medium: MemoryMedium,
  kind: K,
  ask: Reads[K]['ask'],
): Reads[K]['answer'] {
  return table[kind](medium, ask);
}
