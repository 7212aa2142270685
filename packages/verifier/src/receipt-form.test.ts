/** What a receipt's text may be, member by member, and what its summary tells. */
import { describe, expect, it } from 'vitest';
import { decodeReceipt, encodeProof, parseProof } from './index.ts';
import { canonicalize } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import { decodeLeaf } from './leaf.ts';
import type { Leaf } from './leaf.ts';
import { summarize } from './receipt-summary.ts';
import { heldStory } from '../test/support.ts';

const entry = { aside: null, index: 3, leaf: '{}', proof: 'p' };
const whole = {
  action: 'act_1',
  entries: [entry],
  origin: 'o',
  publicKey: 'k',
  version: 'sallyport/receipt/v1',
};
const read = (value: JsonValue) => decodeReceipt(canonicalize(value));

describe('the text of a receipt', () => {
  it('has its members and no others, of their types', () => {
    expect(read(whole)).toEqual({ action: 'act_1', entries: [entry], origin: 'o', publicKey: 'k' });
    expect(read({ ...whole, entries: [{ ...entry, aside: 'x' }] })).toMatchObject({
      entries: [{ aside: 'x' }],
    });
    for (const name of Object.keys(whole)) {
      expect(read({ ...whole, [name]: 7 })).toBeUndefined();
      const { [name as 'action']: _, ...rest } = whole;
      expect(read(rest)).toBeUndefined();
      expect(read({ ...rest, other: 'x' })).toBeUndefined();
    }
    expect(read({ ...whole, entries: {} })).toBeUndefined();
  });

  it('has entries with their members and no others, of their types', () => {
    for (const name of Object.keys(entry)) {
      expect(read({ ...whole, entries: [entry, { ...entry, [name]: true }] })).toBeUndefined();
      const { [name as 'leaf']: _, ...rest } = entry;
      expect(read({ ...whole, entries: [rest] })).toBeUndefined();
      expect(read({ ...whole, entries: [{ ...rest, other: 'x' }] })).toBeUndefined();
    }
    for (const other of [null, 'x', []]) expect(read({ ...whole, entries: [entry, other] })).toBeUndefined();
  });

  it('has a thousand entries at most', () => {
    expect(read({ ...whole, entries: Array.from({ length: 1_000 }, () => entry) })?.entries).toHaveLength(
      1_000,
    );
    expect(read({ ...whole, entries: Array.from({ length: 1_001 }, () => entry) })).toBeUndefined();
  });
});

describe('the text of a proof', () => {
  const hashes = (count: number) => Array.from({ length: count }, () => new Uint8Array(32));
  const proof = (count: number) =>
    parseProof(encodeProof({ index: 1, hashes: hashes(count), checkpoint: 'c', extra: null }));

  it('has 53 hashes at most, and is none where lines are missing', () => {
    expect(proof(53)?.hashes).toHaveLength(53);
    expect(proof(54)).toBeUndefined();
    for (const text of [
      '',
      '\n\n',
      'c2sp.org/tlog-proof@v1',
      'c2sp.org/tlog-proof@v1\n\nc',
      '\n\nc',
      'x\n\nc',
    ])
      expect(parseProof(text)).toBeUndefined();
    expect(parseProof('c2sp.org/tlog-proof@v1\nextra AA==\n\nc')).toBeUndefined();
  });
});

const leafOf = (leaf: JsonValue): Leaf => {
  const decoded = decodeLeaf(canonicalize(leaf));
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.leaf;
};
const story = heldStory().map(({ leaf }) => leafOf(leaf));
const shared = { action: 'act_01jd00000000000000000000a2', at: 9, version: 1 };
const glass = { breakGlass: 'bgl_1', channel: 'cli', identity: 'p-1', person: 'sam' };
const use = leafOf({
  ...shared,
  ...glass,
  binding: { agent: 'sam', environment: 'e', subject: 's', target: 't' },
  commitment: 'c',
  expiresAt: 20,
  grant: 'gra_9',
  kind: 'break_glass',
  passkey: 'pk',
  policies: [],
  rendering: 'r',
});
const reviewed = leafOf({
  ...shared,
  ...glass,
  at: 15,
  commitment: 'c',
  finding: 'not_justified',
  identity: 'p-2',
  kind: 'break_glass_review',
  person: 'eve',
  subject: 's',
});
const canary = leafOf({
  ...shared,
  at: 11,
  canary: { nonce: 'n', status: 'rejected', votes: [] },
  kind: 'canary',
  review: 'rev_1',
  subject: 's',
});

describe('the summary of a receipt', () => {
  it('is none without an attempt', () => {
    expect(summarize([], null)).toBeNull();
    expect(
      summarize(
        story.filter(({ kind }) => kind === 'review' || kind === 'outcome'),
        null,
      ),
    ).toBeNull();
    expect(summarize(story.slice(0, 1), null)).toMatchObject({
      authorizedAt: null,
      outcome: null,
      command: null,
    });
  });

  it('says that nobody broke glass and nothing was a canary, or who did, who found what, and when', () => {
    expect(summarize(story, null)).toMatchObject({ breakGlass: null, canary: null });
    const who = { id: 'bgl_1', person: 'sam', identity: 'p-1', at: 9 };
    expect(summarize([...story, use], null)?.breakGlass).toEqual({ ...who, review: null });
    expect(summarize([...story, use, reviewed], null)?.breakGlass).toEqual({
      ...who,
      review: { person: 'eve', finding: 'not_justified', at: 15 },
    });
    expect(summarize([...story, reviewed], null)?.breakGlass).toBeNull();
    expect(summarize([...story, canary], null)?.canary).toEqual({ at: 11 });
  });

  it('has the votes on what it ran under, and no others', () => {
    const [vote] = story.filter((leaf) => leaf.kind === 'vote');
    const standing = { ...vote, review: null, standing: 'std_1' } as Leaf;
    expect(summarize([...story, standing], null)?.votes).toHaveLength(1);
    const ran = story.map((leaf) => (leaf.kind === 'intent' ? { ...leaf, standing: 'std_1' } : leaf));
    expect(summarize([...ran, standing, standing], null)?.votes).toHaveLength(2);
  });
});
