import {
  cosigner,
  openCheckpoint,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  signNote,
  verifyConsistency,
  verifyNote,
} from '@sallyport/verifier';
import type { Checkpoint, Hash, NoteSigner, VerifierKey, VerifySignature } from '@sallyport/verifier';

/** What a witness remembers of each log: the last checkpoint that it cosigned, by origin. */
export interface WitnessState {
  read(origin: string): { readonly size: number; readonly root: Uint8Array } | undefined;
  /** Returns when it is on disk. */
  write(
    origin: string,
    checkpoint: { readonly size: number; readonly root: Uint8Array; readonly note: string },
  ): void;
}

export interface WitnessPorts {
  readonly logs: readonly VerifierKey[];
  readonly signer: NoteSigner;
  readonly state: WitnessState;
  readonly hash: Hash;
  readonly verify: VerifySignature;
  readonly nowSeconds: () => number;
}

/** An answer to `add-checkpoint` (C2SP tlog-witness). `size` is a 409 with the size that the witness has. */
export type WitnessAnswer =
  | { readonly status: 200; readonly body: string }
  | { readonly status: 409; readonly size: number | null }
  | { readonly status: 400 | 403 | 404 | 422 };

/**
 * Cosigns checkpoints of the logs that it knows, one at a time, so that looking at its record and renewing it can't be
 * torn apart. It refuses a log that is shorter than it was, and one that doesn't continue what it was.
 */
export class Witness {
  readonly #ports: WitnessPorts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: WitnessPorts) {
    this.#ports = ports;
  }

  addCheckpoint(body: string): Promise<WitnessAnswer> {
    const answer = this.#last.then(() => this.#judge(body));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #judge(body: string): Promise<WitnessAnswer> {
    const { logs, state, verify, hash } = this.#ports;
    const request = parseAddCheckpoint(body);
    const claimed = parseCheckpoint(parseNote(request?.note ?? '')?.text ?? '');
    if (request === undefined || claimed === undefined) return { status: 400 };
    const keys = logs.filter(({ name }) => name === claimed.origin);
    if (keys.length === 0) return { status: 404 };
    const opened = await verifyNote(request.note, keys, verify);
    if (!opened.ok) return { status: 403 };
    if (request.oldSize > claimed.size) return { status: 400 };
    const known = state.read(claimed.origin);
    const knownSize = known?.size ?? 0;
    if (request.oldSize !== knownSize) return { status: 409, size: knownSize };
    if (knownSize === claimed.size && known !== undefined && !isEqual(known.root, claimed.root))
      return { status: 409, size: null };
    const { oldSize, proof } = request;
    const oldRoot = known?.root ?? (await hash(new Uint8Array()));
    const claim = { oldSize, oldRoot, newSize: claimed.size, newRoot: claimed.root, proof };
    if (!(await verifyConsistency(claim, hash))) return { status: 422 };
    return this.#cosign(request.note, claimed);
  }

  #cosign(note: string, { origin, size, root }: Checkpoint): WitnessAnswer {
    const { state, signer, nowSeconds } = this.#ports;
    const text = parseNote(note)?.text ?? '';
    // Before the answer: who has a cosignature can rely on the witness remembering it.
    state.write(origin, { size, root, note });
    const cosigned = signNote(text, [cosigner(signer, nowSeconds())]);
    return { status: 200, body: cosigned.slice(text.length + 1) };
  }
}

const isEqual = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, at) => byte === right[at]);

/** The record of one log, as it was kept; undefined where it is not whole, or by none of the keys. */
export async function readRecord(
  note: string,
  keys: readonly VerifierKey[],
  verify: VerifySignature,
): Promise<Checkpoint | undefined> {
  for (const key of keys) {
    const opened = await openCheckpoint(note, key, verify);
    if (opened.ok) return opened.checkpoint;
  }
  return undefined;
}
