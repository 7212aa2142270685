import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Authenticator } from '../test/authenticator.ts';
import { commitment, ORIGIN, PASSKEY, RENDERING, RP_ID, trust } from '../test/passkeys.ts';
import { logKey, makeLog, makeProof, seal, sha256 } from '../test/support.ts';
import type { Draft, Leaf } from '../test/support.ts';
import {
  canonicalize,
  decodeLeaf,
  encodeReceipt,
  thumbprintOf,
  verifyLog,
  verifyReceipt,
  voteChallenge,
} from './index.ts';
import type { SignedVote } from './index.ts';

const AT = 1_760_000_002_000;
const ACTION = 'act_01jd00000000000000000000a7';
const OTHER_ACTION = 'act_01jd00000000000000000000a8';
const USE = 'bgl_01jd00000000000000000000f1';
const EXPIRES = AT + 60_000;
const salt = 'c2FsdHNhbHRzYWx0c2FsdA';

const key = new Authenticator();

const form = canonicalize({
  agent: 'sam',
  command: '{"arguments":{},"operation":"service.restart"}',
  environment: 'production',
  onBehalfOf: 'sam',
  parameters: [],
  preconditions: {},
  protocol: 'api',
  target: 'shop',
  version: 'sallyport/action/v1',
});
const formAside = canonicalize({ form, salt });
const subject = commitment(formAside);
/** What is signed for. */
const on = { kind: 'break_glass', id: USE, digest: createHash('sha256').update(form).digest('hex') } as const;

async function signedAside(changes: Partial<SignedVote> = {}, by = key): Promise<string> {
  const signed: SignedVote = {
    on,
    decision: 'break_glass',
    expiresAtMs: EXPIRES,
    identity: 'p-17',
    nonce: 'bm9uY2U',
    person: 'sam',
    rendering: RENDERING,
    ...changes,
  };
  const challenge = await voteChallenge(signed, sha256);
  const assertion = by.assert({ challenge, origin: ORIGIN, rpId: RP_ID });
  const { nonce, expiresAtMs } = signed;
  const passkey = { ...assertion, expiresAtMs, nonce, passkey: PASSKEY, publicKey: by.publicKey };
  return canonicalize({ passkey, salt, text: 'The shop is down.' });
}

const passkeyLeaf = async (event = 'registered', more: Leaf = {}): Promise<Draft> => {
  const thumbprint = await thumbprintOf(key.publicKey, sha256);
  const who = { event, id: PASSKEY, identity: 'p-17', person: 'sam', ...more };
  const passkey = { ...who, key: thumbprint, origin: ORIGIN, rpId: RP_ID };
  return { leaf: { action: null, at: AT - 1_000, kind: 'passkey', passkey, version: 1 }, aside: null };
};

const attempt = (kind: string, more: Leaf = {}): Draft => ({
  leaf: {
    action: ACTION,
    at: AT + 10,
    breakGlass: USE,
    commitment: subject,
    decision: { effect: 'allow', policies: ['on-call'] },
    kind,
    operation: 'call:perform',
    requester: { agent: 'sam', onBehalfOf: 'sam', parties: ['p-17'], session: 'ses_1', sponsor: 'sam' },
    risk: { score: 70, signals: [] },
    target: { environment: 'production', name: 'shop', protocol: 'api' },
    usage: [],
    version: 1,
    ...more,
  },
  aside: formAside,
});

async function use(more: Leaf = {}, aside?: string): Promise<Draft> {
  const values = aside ?? (await signedAside());
  const binding = { agent: 'sam', environment: 'production', subject, target: 'shop' };
  const who = { channel: 'browser', identity: 'p-17', passkey: PASSKEY, person: 'sam' };
  return {
    leaf: {
      ...{ action: ACTION, at: AT, binding, breakGlass: USE, commitment: commitment(values), ...who },
      ...{ expiresAt: AT + 300_000, grant: 'gra_1', kind: 'break_glass', rendering: RENDERING, version: 1 },
      ...more,
    },
    aside: values,
  };
}

const outcome: Draft = {
  leaf: {
    action: ACTION,
    at: AT + 20,
    kind: 'outcome',
    outcome: { bytes: 0, code: '', durationMs: 1, rows: 0, status: 'succeeded' },
    version: 1,
  },
  aside: null,
};

function reviewed(more: Leaf = {}): Draft {
  const aside = canonicalize({ salt, text: 'It was.' });
  const who = { channel: 'api', identity: 'p-18', person: 'kim' };
  return {
    leaf: {
      ...{ action: ACTION, at: AT + 90_000, breakGlass: USE, commitment: commitment(aside), ...who },
      ...{ finding: 'justified', kind: 'break_glass_review', subject, version: 1, ...more },
    },
    aside,
  };
}

const whole = async (): Promise<Draft[]> => [
  await passkeyLeaf(),
  attempt('decision', { at: AT }),
  await use(),
  attempt('intent'),
  outcome,
  reviewed(),
];

async function logFindings(drafts: readonly Draft[]) {
  const { entries, checkpoint } = makeLog(seal(drafts));
  const listed = entries.map(({ leaf }, index) => ({ index, leaf }));
  return verifyLog({ entries: listed, checkpoint, earlier: [], ...trust });
}

async function failures(drafts: readonly Draft[]): Promise<Record<string, string>> {
  const log = makeLog(seal(drafts));
  const entries = await Promise.all(
    log.entries.map(async ({ leaf, aside }, index) => ({
      index,
      leaf,
      aside,
      proof: await makeProof(log, index),
    })),
  );
  const receipt = encodeReceipt({
    action: ACTION,
    entries,
    origin: logKey.signer.name,
    publicKey: logKey.vkey,
  });
  const { checks } = await verifyReceipt(receipt, trust);
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]));
}

/** The story with one entry put in the place of another. */
const replaced = async (at: number, draft: Draft): Promise<Draft[]> =>
  (await whole()).map((each, index) => (index === at ? draft : each));

describe('a log of break-glass', () => {
  it('follows the rules where a person signs, runs once, and another reviews', async () => {
    const report = await logFindings(await whole());
    expect(report).toMatchObject({ ok: true, findings: [], unreviewedBreakGlass: 0 });
  });

  it('says how many uses nobody has reviewed', async () => {
    expect(await logFindings((await whole()).slice(0, -1))).toMatchObject({
      ok: true,
      unreviewedBreakGlass: 1,
    });
  });

  const who = (more: Leaf) => ({ requester: { ...(attempt('intent').leaf['requester'] as Leaf), ...more } });
  const where = (more: Leaf) => ({ target: { ...(attempt('intent').leaf['target'] as Leaf), ...more } });
  it.each<[code: string, intent: Leaf]>([
    ['break_glass.unfounded', { breakGlass: 'bgl_other' }],
    ['break_glass.mismatch', who({ agent: 'refunder' })],
    ['break_glass.mismatch', who({ onBehalfOf: 'ana' })],
    ['break_glass.mismatch', where({ name: 'mail' })],
    ['break_glass.mismatch', where({ environment: 'staging' })],
    ['break_glass.mismatch', { commitment: 'other' }],
    ['break_glass.mismatch', { review: 'rev_1' }],
    ['break_glass.mismatch', { grant: 'gra_1' }],
    ['break_glass.mismatch', { standing: 'std_1' }],
    ['break_glass.mismatch', { decision: { effect: 'review', policies: [] } }],
    ['break_glass.expired', { at: AT + 300_000 }],
    ['intent.denied', { decision: { effect: 'deny', policies: [] } }],
  ])('shows %s where the intent is not what was signed: %j', async (code, more) => {
    const { findings } = await logFindings(await replaced(3, attempt('intent', more)));
    expect(findings.map((each) => each.code)).toContain(code);
  });

  it('shows a second intent under one use', async () => {
    const again = [
      attempt('intent', { action: OTHER_ACTION }),
      { ...outcome, leaf: { ...outcome.leaf, action: OTHER_ACTION } },
    ];
    const { findings } = await logFindings([...(await whole()), ...again]);
    expect(findings.map(({ code }) => code)).toEqual(['break_glass.spent_twice']);
  });

  it.each<[code: string, more: Leaf]>([
    ['break_glass.own_review', { identity: 'p-17', person: 'sam-admin' }],
    ['break_glass.own_review', { person: 'sam' }],
    ['break_glass.unfounded', { breakGlass: 'bgl_other' }],
    ['break_glass.unfounded', { subject: 'other' }],
  ])('shows %s in the review: %j', async (code, more) => {
    const { findings } = await logFindings(await replaced(5, reviewed(more)));
    expect(findings.map((each) => each.code)).toEqual([code]);
  });

  it('shows a second review, and a second use under one id', async () => {
    const { findings } = await logFindings([...(await whole()), reviewed(), await use()]);
    expect(findings.map(({ code }) => code)).toEqual(['break_glass.reviewed_twice', 'break_glass.unfounded']);
  });

  it('shows a passkey that was never registered, is another person’s, or was revoked before the intent', async () => {
    const [registration, ...rest] = await whole();
    const codes = async (drafts: readonly Draft[]) =>
      (await logFindings(drafts)).findings.map(({ code }) => code);
    const twice = ['break_glass.passkey_unfounded', 'break_glass.passkey_unfounded'];
    expect(await codes(rest)).toEqual(twice);
    expect(await codes([await passkeyLeaf('registered', { identity: 'p-99' }), ...rest])).toEqual(twice);
    const revoked = await passkeyLeaf('revoked');
    expect(await codes([registration!, ...rest.slice(0, 2), revoked, ...rest.slice(2)])).toEqual(
      twice.slice(1),
    );
  });

  it('shows a use in the name of somebody else', async () => {
    const { findings } = await logFindings(await replaced(2, await use({ person: 'ana' })));
    expect(findings.map(({ code }) => code)).toEqual(['break_glass.mismatch']);
  });

  it.each(['person', 'identity', 'passkey', 'binding', 'expiresAt', 'breakGlass', 'grant', 'rendering'])(
    'holds no use without its %s',
    async (member) => {
      const { [member]: _, ...leaf } = (await use()).leaf;
      expect(decodeLeaf(canonicalize(leaf))).toEqual({ ok: false, detail: `member ${member}` });
    },
  );

  it('holds no review with another finding than the two that there are', () => {
    expect(decodeLeaf(canonicalize(reviewed({ finding: 'fine' }).leaf)).ok).toBe(false);
  });
});

describe('a receipt of break-glass', () => {
  it('verifies offline', async () => {
    expect(await failures(await whole())).toEqual({});
  });

  it.each<[string, Partial<SignedVote>]>([
    ['another action', { on: { ...on, digest: 'ab'.repeat(32) } }],
    ['an approval', { decision: 'approve' }],
    ['another use', { on: { ...on, id: 'bgl_2' } }],
    ['a proposal', { on: { ...on, kind: 'standing' } }],
    ['another person', { person: 'ana' }],
    ['another rendering', { rendering: 'ab'.repeat(32) }],
  ])('fails where the passkey signed %s', async (_, change) => {
    const aside = await signedAside(change);
    const found = await failures(await replaced(2, await use({}, aside)));
    expect(found['signatures']).toContain('passkey.other_challenge');
    expect(found['approval']).toContain('break_glass.unsigned');
  });

  it('fails where another key signed, the signature came too late, or there is none', async () => {
    const other = await failures(
      await replaced(2, await use({}, await signedAside({}, new Authenticator()))),
    );
    expect(other['signatures']).toContain('passkey.unregistered');
    const late = await failures(await replaced(2, await use({}, await signedAside({ expiresAtMs: AT }))));
    expect(late['signatures']).toContain('passkey.expired');
    const bare = await failures(await replaced(2, await use({}, canonicalize({ salt, text: '' }))));
    expect(bare['signatures']).toContain('passkey.missing');
    const broken = canonicalize({ passkey: {}, salt, text: '' });
    expect((await failures(await replaced(2, await use({}, broken))))['signatures']).toContain(
      'passkey.malformed',
    );
    const named = await failures(await replaced(2, await use({ passkey: 'pky_2' })));
    expect(named['signatures']).toContain('passkey.other_passkey');
  });

  it('proves no use whose signature, or whose exact action, is withheld', async () => {
    const drafts = await whole();
    const withheld = (kinds: readonly string[]) =>
      failures(
        drafts.map((each) =>
          kinds.some((kind) => kind === each.leaf['kind']) ? { ...each, aside: null } : each,
        ),
      );
    expect(await withheld(['break_glass'])).toEqual({ approval: 'Entry 3: break_glass.unsigned.' });
    expect(await withheld(['decision', 'intent'])).toEqual({ approval: 'Entry 3: break_glass.unsigned.' });
    expect(await withheld(['break_glass_review'])).toEqual({});
  });

  it('holds the registration that it rests on, and no other', async () => {
    const [registration, ...rest] = await whole();
    expect((await failures(rest))['signatures']).toContain('passkey.unregistered');
    const stranger = await passkeyLeaf('registered', { id: 'pky_2' });
    expect((await failures([stranger, registration!, ...rest]))['entries']).toContain(
      'nothing was signed with',
    );
  });
});
