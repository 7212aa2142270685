import { encodeUtf8, toBase64url, toHex } from './bytes.ts';
import { parseCanonical } from './canonical.ts';
import type { Hash } from './hash.ts';
import { isObject } from './leaf-members.ts';
import type { AttemptLeaf } from './leaf.ts';

/** Asides are bounded by the receipt that holds them. */
export const MAX_ASIDE_CHARACTERS = 67_108_864;

const FORM_VERSION = 'sallyport/action/v1';

/** By which a leaf commits to its aside (spec/ledger.md, "Asides"). */
export async function commitmentOf(aside: string, hash: Hash): Promise<string> {
  return toBase64url(await hash(encodeUtf8(aside)));
}

/** The exact action, out of an aside. */
export interface ActionForm {
  readonly text: string;
  /** SHA-256 of the form, 64 lower-case hexadecimal digits: what people are shown and approve. */
  readonly digest: string;
  readonly command: string;
  readonly agent: string;
  readonly onBehalfOf: string;
  readonly target: string;
  readonly environment: string;
  readonly protocol: string;
}

export type ReadFormResult =
  /** `form` null: the aside holds something else, such as the words of a vote. */
  { readonly ok: true; readonly form: ActionForm | null } | { readonly ok: false };

function textsOf<N extends string>(
  text: string,
  names: readonly N[],
): Record<N | 'version', string> | undefined {
  const parsed = parseCanonical(text, MAX_ASIDE_CHARACTERS);
  if (!parsed.ok || !isObject(parsed.value)) return undefined;
  const value = parsed.value;
  const texts = [...names, 'version' as const].map((name) => [name, value[name]] as const);
  if (texts.some(([, member]) => typeof member !== 'string')) return undefined;
  return Object.fromEntries(texts) as Record<N | 'version', string>;
}

/** Reads `form` of an aside (spec/action.md). Not ok where the aside or the form is not canonical or not whole. */
export async function readForm(aside: string, hash: Hash): Promise<ReadFormResult> {
  const parsed = parseCanonical(aside, MAX_ASIDE_CHARACTERS);
  if (!parsed.ok || !isObject(parsed.value)) return { ok: false };
  const text = parsed.value['form'];
  if (text === undefined) return { ok: true, form: null };
  if (typeof text !== 'string') return { ok: false };
  const members = textsOf(text, ['agent', 'command', 'environment', 'onBehalfOf', 'protocol', 'target']);
  if (members?.version !== FORM_VERSION) return { ok: false };
  const { version: _, ...texts } = members;
  return { ok: true, form: { ...texts, text, digest: toHex(await hash(encodeUtf8(text))) } };
}

/** Whether the exact action is the one that the leaf tells of. */
export function isFormOf(form: ActionForm, leaf: AttemptLeaf): boolean {
  return (
    form.agent === leaf.requester.agent &&
    form.onBehalfOf === leaf.requester.onBehalfOf &&
    form.target === leaf.target.name &&
    form.environment === leaf.target.environment &&
    form.protocol === leaf.target.protocol
  );
}
