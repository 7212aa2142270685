/** The receipt of the held story, and of stories that differ from it. */
import { verifyReceipt, webCryptoVerifier } from '../src/index.ts';
import type { ReceiptReport } from '../src/index.ts';
import {
  HELD,
  heldStory,
  logKey,
  makeLog,
  makeReceipt,
  seal,
  sha256,
  verify,
  wholeStory,
} from './support.ts';
import type { Draft, Leaf } from './support.ts';

const { verifyPasskey } = webCryptoVerifier();
export const trust = { trustedKey: logKey.vkey, hash: sha256, verify, verifyPasskey };
export const log = makeLog(seal(wholeStory()));
export const receipt = await makeReceipt(log, HELD);

export const failed = (report: ReceiptReport): string[] =>
  report.checks.filter((check) => !check.ok).map((check) => check.name);
export const detailOf = (report: ReceiptReport, name: string): string =>
  report.checks.find((check) => check.name === name)?.detail ?? '';

/** The report on an honestly logged and signed receipt of another story. */
export async function reportOn(story: readonly Draft[]): Promise<ReceiptReport> {
  return verifyReceipt(await makeReceipt(makeLog(seal(story)), HELD), trust);
}

export const at = { decision: 0, opened: 1, vote: 2, approved: 3, grant: 4, intent: 5, outcome: 6 } as const;

/** The story of the approved action with one leaf changed, member by member; `undefined` removes one. */
export function storyWith(which: keyof typeof at, change: Record<string, unknown>): Draft[] {
  return heldStory().map((draft, index) => {
    if (index !== at[which]) return draft;
    const members = Object.entries({ ...draft.leaf, ...change }).filter(([, value]) => value !== undefined);
    return { ...draft, leaf: Object.fromEntries(members) as Leaf };
  });
}

export const without = (...which: (keyof typeof at)[]): Draft[] =>
  heldStory().filter((_, index) => !which.some((name) => at[name] === index));
