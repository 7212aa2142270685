import { MAX_ASIDE_CHARACTERS } from './aside.ts';
import { encodeUtf8, toHex } from './bytes.ts';
import { parseCanonical } from './canonical.ts';
import type { JsonValue } from './canonical.ts';
import type { Hash } from './hash.ts';
import { isObject } from './leaf-members.ts';
import type { JsonObject } from './leaf-members.ts';
import type { StandingLeaf } from './leaf.ts';

const TERMS_VERSION = 'sallyport/standing/v1';

/** The terms of a standing grant (spec/standing.md), out of the aside of its proposal. */
export interface StandingTerms {
  /** SHA-256 of the form, 64 lower-case hexadecimal digits: what a vote names. */
  readonly digest: string;
  readonly members: JsonObject;
}

function objectIn(text: JsonValue | undefined): JsonObject | undefined {
  const parsed = typeof text === 'string' ? parseCanonical(text, MAX_ASIDE_CHARACTERS) : undefined;
  return parsed?.ok === true && isObject(parsed.value) ? parsed.value : undefined;
}

/** Reads `terms` of an aside. Undefined where the aside or the terms are not canonical, or of another version. */
export async function readTerms(aside: string, hash: Hash): Promise<StandingTerms | undefined> {
  const form = objectIn(aside)?.['terms'];
  const members = objectIn(form);
  if (typeof form !== 'string' || members?.['version'] !== TERMS_VERSION) return undefined;
  return { digest: toHex(await hash(encodeUtf8(form))), members };
}

/** Whether the terms are those that the entry tells of: for whom, on what, how often, until when. */
export function isTermsOf({ members }: StandingTerms, { binding, ...leaf }: StandingLeaf): boolean {
  const target = members['target'] ?? null;
  return (
    isObject(target) &&
    target['name'] === binding.target &&
    target['environment'] === binding.environment &&
    members['agent'] === binding.agent &&
    members['onBehalfOf'] === binding.onBehalfOf &&
    members['operation'] === binding.operation &&
    members['maxUses'] === leaf.maxUses &&
    members['validFromMs'] === leaf.validFrom &&
    members['validUntilMs'] === leaf.validUntil
  );
}
