import type { EntryQuery, UsageQuery } from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import { type ActionId, parseId } from '../core/ids.ts';
import { limits } from '../limits.ts';
import type { ApiDeps } from './deps.ts';
import type { Call, Reply } from './route.ts';
import { encodeBundle, parseTilePath, sliceHashes, tileWidth } from './tiles.ts';
import { reportUsage } from './usage.ts';

const dayMs = 86_400_000;

export async function readUsage(
  { query }: Call<unknown, z.output<typeof UsageQuery>, unknown>,
  _principal: Principal,
  { store, clock }: ApiDeps,
): Promise<Reply> {
  const untilMs = query.until === undefined ? clock.nowMs() : Date.parse(query.until);
  const sinceMs = query.since === undefined ? untilMs - dayMs : Date.parse(query.since);
  if (sinceMs >= untilMs || untilMs - sinceMs > limits.usageSpanMs) {
    const days = limits.usageSpanMs / dayMs;
    return {
      kind: 'problem',
      code: 'request.invalid',
      detail: `since is before until, by ${days} days at most.`,
    };
  }
  const span = { agent: query.agent ?? null, sinceMs, untilMs };
  return { kind: 'json', body: reportUsage(await store.read('usage', span), span) };
}

export async function readLedger(
  _call: Call<unknown, unknown, unknown>,
  _principal: Principal,
  { store, ledger }: ApiDeps,
): Promise<Reply> {
  const [size, checkpoint] = await Promise.all([store.read('size', {}), store.read('checkpoint', {})]);
  const { origin, vkey, mirror } = ledger;
  const body = { origin, vkey, size, checkpoint: checkpoint?.note ?? null, mirror };
  return { kind: 'json', body };
}

export async function readEntries(
  { query }: Call<unknown, z.output<typeof EntryQuery>, unknown>,
  _principal: Principal,
  { store }: ApiDeps,
): Promise<Reply> {
  const rows = await store.read('entries', query);
  const last = rows.at(-1);
  const next = last !== undefined && rows.length === query.limit ? last.index + 1 : null;
  return { kind: 'json', body: { entries: rows.map(({ index, leaf }) => ({ index, leaf })), next } };
}

/** Publishes first, so that whoever verifies sees everything that was acknowledged before they asked. */
export async function readCheckpoint(
  _call: Call<unknown, unknown, unknown>,
  _principal: Principal,
  { store, ledger }: ApiDeps,
): Promise<Reply> {
  await ledger.publishNow();
  const checkpoint = await store.read('checkpoint', {});
  if (checkpoint !== null) return { kind: 'text', body: checkpoint.note };
  return { kind: 'problem', code: 'checkpoint.not_found', detail: 'The ledger has no entry yet.' };
}

const noTile: Reply = { kind: 'problem', code: 'tile.not_found', detail: 'The ledger has no such tile.' };

export async function readTile(
  { params }: Call<{ readonly path: string }, unknown, unknown>,
  _principal: Principal,
  { store }: ApiDeps,
): Promise<Reply> {
  const path = parseTilePath(params.path);
  if (path === undefined) return noTile;
  if (path.level !== null) {
    const tile = await store.read('tile', { level: path.level, index: path.index });
    const hashes = tile === null ? undefined : sliceHashes(tile.hashes, path.width);
    return hashes === undefined ? noTile : { kind: 'bytes', body: hashes };
  }
  const from = path.index * tileWidth;
  const checkpoint = await store.read('checkpoint', {});
  if (checkpoint === null || checkpoint.size < from + path.width) return noTile;
  const rows = await store.read('entries', { from, limit: path.width });
  return { kind: 'bytes', body: encodeBundle(rows.map((row) => row.leaf)) };
}

export async function readReceipt(
  { params }: Call<{ readonly id: string }, unknown, unknown>,
  _principal: Principal,
  { store, ledger }: ApiDeps,
): Promise<Reply> {
  const action = parseId('act', params.id) ?? (await actionOfReview(params.id, store));
  if (action !== null) {
    await ledger.publishNow();
    const receipt = await ledger.receipt(action);
    if (receipt !== null) return { kind: 'text', body: receipt };
  }
  return { kind: 'problem', code: 'receipt.not_found', detail: 'The ledger holds no such action.' };
}

/** The action that ran on the review's grant, which a retry may have made anew; else the one that was held. */
async function actionOfReview(id: string, store: ApiDeps['store']): Promise<ActionId | null> {
  const reviewId = parseId('rev', id);
  const review = reviewId === undefined ? null : await store.read('review', { id: reviewId });
  if (review === null) return null;
  if (review.state.status !== 'approved') return review.subject.action;
  const grant = await store.read('grant', { id: review.state.grant });
  return grant?.state.status === 'spent' ? grant.state.action : review.subject.action;
}
