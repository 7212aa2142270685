import { createHash } from 'node:crypto';
import { decodeLeaf, verifyLog, type AttemptLeaf, type Leaf, type LogEntry } from '@sallyport/verifier';
import { expect } from 'vitest';
import { verifyEd25519 } from '../../src/ledger/ed25519.ts';
import type { GatewayProcess } from './crash-process.ts';
import type { Site } from './crash-site.ts';

/** The log as an auditor gets it. */
export interface Exported {
  readonly leaves: readonly Leaf[];
  /** The leaves as they are, and the checkpoint. */
  readonly text: string;
}

/** Downloads the whole log through the API and verifies it, by the key that the operator was told at start. */
export async function exportLog(site: Site, gateway: GatewayProcess): Promise<Exported> {
  const api = site.person(gateway);
  const checkpoint = await api.checkpoint();
  const { size } = await api.ledgerStatus();
  const entries: LogEntry[] = [];
  for await (const entry of api.ledgerEntries(0, size)) entries.push(entry);
  const report = await verifyLog({
    entries,
    checkpoint,
    earlier: [],
    trustedKey: gateway.vkey,
    hash: (data) => createHash('sha256').update(data).digest(),
    verify: verifyEd25519,
  });
  expect(report.findings).toEqual([]);
  const leaves = entries.map(({ leaf }) => decoded(leaf));
  return { leaves, text: [...entries.map(({ leaf }) => leaf), checkpoint].join('\n') };
}

function decoded(text: string): Leaf {
  const result = decodeLeaf(text);
  if (!result.ok) throw new Error(result.detail);
  return result.leaf;
}

/** The entries of one kind of attempt; two kinds share one type, by which the compiler doesn't filter. */
export const attempts = (leaves: readonly Leaf[], kind: AttemptLeaf['kind']): readonly AttemptLeaf[] =>
  leaves.filter((leaf): leaf is AttemptLeaf => leaf.kind === kind);

/** What people and clients were told while the gateway lived: none of it may be untrue afterwards. */
export interface Told {
  /** Reviews that a client, or a person's event stream, was told of. */
  readonly reviews: Set<string>;
  /** Reviews on which a vote was acknowledged. */
  readonly votes: Set<string>;
  /** Markers whose statement was reported as done. */
  readonly done: Set<string>;
}

export const nothingTold = (): Told => ({ reviews: new Set(), votes: new Set(), done: new Set() });

const MARKER = /'(m-[^']+)'/;

/**
 * Call when the gateway serves again and the target has finished what it was sent: verifies the whole log, then compares
 * it with the database and with what was told. Resolves with the log.
 */
export async function checkAfterCrash(site: Site, gateway: GatewayProcess, told: Told): Promise<Exported> {
  await targetIsIdle(site);
  const log = await exportLog(site, gateway);
  const intents = attempts(log.leaves, 'intent');
  const grants = intents.flatMap(({ grant }) => (grant === null ? [] : [grant]));
  expect(grants, 'each grant is spent at most once').toHaveLength(new Set(grants).size);
  const outcomes = new Set(
    log.leaves.filter(({ kind }) => kind === 'outcome').map(({ action }) => action ?? ''),
  );
  const open = intents.filter(({ action }) => !outcomes.has(action ?? ''));
  expect(open, 'every intent has an outcome').toEqual([]);

  const api = site.person(gateway);
  const runs = await site.runs();
  const spentOf = new Map<string, number>();
  for (const id of told.reviews) {
    const review = await api.getReview(id);
    if (told.votes.has(id)) expect(review.votes.map(({ person }) => person)).toEqual(['sam']);
    const marker = MARKER.exec(review.command)?.[1] ?? '';
    const spent = intents.filter((intent) => intent.review === id).length;
    spentOf.set(marker, (spentOf.get(marker) ?? 0) + spent);
  }
  for (const [marker, count] of runs) {
    expect(count, `${marker} ran at most once`).toBe(1);
    expect(spentOf.get(marker) ?? 1, `${marker} ran by a grant`).toBeGreaterThanOrEqual(count);
  }
  for (const marker of told.done) expect(runs.get(marker), `${marker} was reported as done`).toBe(1);
  expect(grants.length, 'writes are covered by grants').toBeGreaterThanOrEqual(runs.size);
  return log;
}

const targetIdleWithinMs = 10_000;

/** Waits until the target does nothing any more for a gateway that is gone. */
async function targetIsIdle(site: Site): Promise<void> {
  const busy =
    "SELECT FROM pg_stat_activity WHERE usename = 'gateway' AND query LIKE '%INTO runs%' AND state <> 'idle'";
  const deadline = Date.now() + targetIdleWithinMs;
  while ((await site.admin.query(busy)).rowCount !== 0) {
    if (Date.now() > deadline) throw new Error('the target does not come to rest');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
