import { concatBytes, encodeUtf8, equalBytes, fromBase64, fromHex, toBase64, toHex } from './bytes.ts';
import type { Hash } from './hash.ts';

/**
 * Notes are C2SP signed-note. These types of signature are read and written here: "Ed25519 signatures" of a log, and
 * Ed25519 cosignatures of a witness (C2SP tlog-cosignature, "Format").
 */
export const SIGNATURE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
export type SignatureType = keyof typeof SIGNATURE_TYPES;
const PUBLIC_KEY_BYTES = 32;
const KEY_ID_BYTES = 4;

/** Sixteen signatures are to be accepted ("Format"), and a post-quantum one has 5 kB; twice and more of both. */
const MAX_NOTE_CHARACTERS = 262_144;
const MAX_SIGNATURES = 48;

const SIGNATURE_MARK = '\u2014 ';
/** "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus". */
const KEY_NAME = /^[^\p{White_Space}+]+$/u;
/** "MUST NOT contain any ASCII control characters … other than newline". */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

export interface VerifierKey {
  readonly name: string;
  /** Four bytes. */
  readonly id: Uint8Array;
  /** Ed25519, 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
}

/** The holder of a private key. `sign` is Ed25519 over the message as it is, and gives 64 bytes. */
export interface NoteSigner {
  readonly name: string;
  readonly id: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Ed25519 verification. Gives false, and does not throw, for a key or signature of the wrong length. */
export type VerifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

export interface NoteSignature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly signature: Uint8Array;
}

/** A note as parsed: its text means nothing before `verifyNote` has accepted it. */
export interface Note {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4] ("Ed25519 signatures"; tlog-cosignature, "Format"). */
export async function keyIdOf(
  name: string,
  publicKey: Uint8Array,
  hash: Hash,
  type: SignatureType = 'ed25519',
): Promise<Uint8Array> {
  const head = Uint8Array.of(0x0a, SIGNATURE_TYPES[type]);
  return (await hash(concatBytes(encodeUtf8(name), head, publicKey))).slice(0, KEY_ID_BYTES);
}

/** The text form of a key ("Verifier keys"). Throws RangeError for a name that no note could carry. */
export function encodeVkey(key: VerifierKey, type: SignatureType = 'ed25519'): string {
  if (!KEY_NAME.test(key.name)) throw new RangeError('a key name is empty, or holds a space or a plus');
  const material = concatBytes(Uint8Array.of(SIGNATURE_TYPES[type]), key.publicKey);
  return `${key.name}+${toHex(key.id)}+${toBase64(material)}`;
}

/** The key, or undefined where the text is not exactly the form of a key of that type with its own key ID. */
export async function parseVkey(
  text: string,
  hash: Hash,
  type: SignatureType = 'ed25519',
): Promise<VerifierKey | undefined> {
  // Base64 may hold a plus, so only the first two separate.
  const [name = '', idText = '', ...encoded] = text.split('+');
  const id = fromHex(idText);
  const material = fromBase64(encoded.join('+'));
  if (!KEY_NAME.test(name) || id === undefined || material === undefined) return undefined;
  if (material.length !== 1 + PUBLIC_KEY_BYTES || material[0] !== SIGNATURE_TYPES[type]) return undefined;
  const publicKey = material.slice(1);
  return equalBytes(id, await keyIdOf(name, publicKey, hash, type)) ? { name, id, publicKey } : undefined;
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !CONTROL.test(text);
}

/** The bytes that a signature covers. Throws RangeError for a text that no note could carry. */
export function signedText(text: string): Uint8Array {
  if (!isNoteText(text)) throw new RangeError('a note ends in a newline and holds no control characters');
  return encodeUtf8(text);
}

export function signNote(text: string, signers: readonly NoteSigner[]): string {
  const message = signedText(text);
  const lines = signers.map(({ name, id, sign }) => {
    if (!KEY_NAME.test(name)) throw new RangeError('a key name is empty, or holds a space or a plus');
    return `${SIGNATURE_MARK}${name} ${toBase64(concatBytes(id, sign(message)))}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

function parseSignature(line: string): NoteSignature | undefined {
  if (!line.startsWith(SIGNATURE_MARK)) return undefined;
  const [name = '', encoded = '', ...more] = line.slice(SIGNATURE_MARK.length).split(' ');
  const bytes = fromBase64(encoded);
  if (more.length > 0 || !KEY_NAME.test(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) {
    return undefined;
  }
  return { name, id: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}

/** Strict ("Format"); undefined for anything that is not a note, or is beyond the limits. */
export function parseNote(note: string): Note | undefined {
  if (note.length > MAX_NOTE_CHARACTERS || !isNoteText(note)) return undefined;
  const blank = note.lastIndexOf('\n\n');
  if (blank < 0) return undefined;
  const lines = note.slice(blank + 2, -1).split('\n');
  const signatures = lines.map(parseSignature).filter((parsed) => parsed !== undefined);
  if (signatures.length !== lines.length || lines.length > MAX_SIGNATURES) return undefined;
  return { text: note.slice(0, blank + 1), signatures };
}

/**
 * `note.malformed`: no note; `note.unknown_signer`: none of the keys signed it; `note.bad_signature`: a line that
 * claims to be by one of the keys is not.
 */
export type NoteRefusal = 'note.malformed' | 'note.unknown_signer' | 'note.bad_signature';

export type VerifyNoteResult =
  | { readonly ok: true; readonly text: string; readonly signers: readonly VerifierKey[] }
  | { readonly ok: false; readonly code: NoteRefusal };

/**
 * Accepts a note that at least one of the keys signed. Signatures by other keys are ignored; one wrong signature under
 * a known name and ID refuses the whole note ("Signatures").
 */
export async function verifyNote(
  note: string,
  keys: readonly VerifierKey[],
  verify: VerifySignature,
): Promise<VerifyNoteResult> {
  const parsed = parseNote(note);
  if (parsed === undefined) return { ok: false, code: 'note.malformed' };
  const message = signedText(parsed.text);
  const signers = new Set<VerifierKey>();
  for (const { name, id, signature } of parsed.signatures) {
    const key = keys.find((known) => known.name === name && equalBytes(known.id, id));
    if (key === undefined) continue;
    if (!(await verify(key.publicKey, message, signature))) return { ok: false, code: 'note.bad_signature' };
    signers.add(key);
  }
  if (signers.size === 0) return { ok: false, code: 'note.unknown_signer' };
  return { ok: true, text: parsed.text, signers: [...signers] };
}
