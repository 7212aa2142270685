import {
  consistencyProof,
  encodeAddCheckpoint,
  parseNote,
  parseVkey,
  verifyCosignatures,
} from '@sallyport/verifier';
import type { ReadSubtree, VerifierKey } from '@sallyport/verifier';
import { hash } from 'node:crypto';
import { limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Log } from '../telemetry/log.ts';
import { verifyEd25519 } from './ed25519.ts';
import { LedgerError } from './error.ts';

export interface WitnessPolicy {
  readonly witnesses: readonly { readonly key: string; readonly url: string }[];
  /** How many of them have to cosign. */
  readonly quorum: number;
  readonly whenAway: 'publish-without-them' | 'publish-nothing';
}

export interface WitnessesPorts {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Pick<Log, 'witnessesAway'>;
  readonly fetch: typeof fetch;
}

/** A checkpoint with what it takes to prove that it continues an earlier one. */
export interface Continued {
  readonly note: string;
  readonly size: number;
  /** Of the checkpoint's own tree. */
  readonly readSubtree: ReadSubtree;
}

interface Known {
  readonly key: VerifierKey;
  readonly url: string;
  /** The size of its last cosignature, as far as is known here. */
  size: number;
  /** Not asked again before. */
  awayUntilMs: number;
}

type Told = { readonly kind: 'cosigned'; readonly lines: string } | { readonly kind: 'away' };

const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

/**
 * Asks witnesses to cosign checkpoints before they are published (C2SP tlog-witness). A witness that doesn't answer is
 * away, and the policy says what then. One that contradicts (it has seen a longer log of this name, or another one) stops
 * publication under every policy: a checkpoint besides it would be the fork that witnesses are for.
 */
export class Witnesses {
  readonly #policy: WitnessPolicy;
  readonly #ports: WitnessesPorts;
  readonly #known: readonly Known[];

  constructor(policy: WitnessPolicy, known: readonly Known[], ports: WitnessesPorts) {
    this.#policy = policy;
    this.#known = known;
    this.#ports = ports;
  }

  /** Rejects with `witness.malformed` where a key is none. */
  static async open(policy: WitnessPolicy, ports: WitnessesPorts): Promise<Witnesses> {
    const known = await Promise.all(
      policy.witnesses.map(async ({ key: text, url }) => {
        const key = await parseVkey(text, sha256, 'cosignature');
        const prefix = url.replace(/\/$/, '');
        if (key !== undefined) return { key, url: prefix, size: 0, awayUntilMs: 0 };
        const message = `the key of the witness at ${prefix} is none for cosignatures: ask whoever runs it for its key`;
        throw new LedgerError('witness.malformed', message);
      }),
    );
    return new Witnesses(policy, known, ports);
  }

  /**
   * The checkpoint with the cosignatures that there are. Rejects with `witness.away` where policy wants more, and with
   * `witness.refused` where a witness contradicts it.
   */
  async cosign(checkpoint: Continued): Promise<string> {
    if (this.#known.length === 0) return checkpoint.note;
    const told = await Promise.all(this.#known.map((witness) => this.#ask(witness, checkpoint)));
    const lines = told.map((each) => (each.kind === 'cosigned' ? each.lines : ''));
    const cosigned = lines.filter((each) => each !== '').length;
    if (cosigned < this.#policy.quorum) this.#miss(cosigned);
    return checkpoint.note + lines.join('');
  }

  #miss(cosigned: number): void {
    const { quorum, whenAway } = this.#policy;
    this.#ports.log.witnessesAway({ cosigned, quorum });
    if (whenAway === 'publish-without-them') return;
    const message = `${cosigned} of ${quorum} witnesses cosigned, and \`whenWitnessesAreAway\` is publish-nothing`;
    throw new LedgerError('witness.away', message);
  }

  async #ask(witness: Known, checkpoint: Continued): Promise<Told> {
    const nowMs = this.#ports.clock.monotonicMs();
    if (nowMs < witness.awayUntilMs) return { kind: 'away' };
    try {
      return await this.#submit(witness, checkpoint, true);
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      // Fails towards the policy: what does not answer has not cosigned.
      witness.awayUntilMs = nowMs + limits.witnessRetryMs;
      return { kind: 'away' };
    }
  }

  async #submit(witness: Known, checkpoint: Continued, mayLearn: boolean): Promise<Told> {
    const { note, size, readSubtree } = checkpoint;
    const proof = await consistencyProof(witness.size, size, readSubtree, sha256);
    const response = await this.#ports.fetch(`${witness.url}/add-checkpoint`, {
      method: 'POST',
      body: encodeAddCheckpoint({ oldSize: witness.size, proof, note }),
      redirect: 'error',
      signal: AbortSignal.timeout(limits.witnessAnswerMs),
    });
    const body = await textOf(response);
    if (response.status === 200) return this.#take(witness, checkpoint, body);
    if (response.status === 422) throw contradiction(witness, size, 'it has seen another log of this name');
    if (response.status === 409) {
      const seen = /^(0|[1-9]\d{0,15})\n$/.test(body) ? Number(body) : undefined;
      if (seen === undefined || seen === witness.size)
        throw contradiction(witness, size, 'it has cosigned other entries');
      if (seen > size)
        throw contradiction(witness, size, `it has cosigned ${seen} entries: this log lost some`);
      witness.size = seen;
      if (mayLearn) return this.#submit(witness, checkpoint, false);
    }
    throw new Error(`the witness answered ${response.status}`);
  }

  async #take(witness: Known, { note, size }: Continued, lines: string): Promise<Told> {
    const verified = await verifyCosignatures(note + lines, [witness.key], verifyEd25519);
    if (!verified.ok || verified.cosignatures.length === 0) throw new Error('no cosignature by the witness');
    witness.size = size;
    // Only its own lines: whatever else it sent vouches for nothing.
    const own = lines.split('\n').filter((line) => line.startsWith(`\u2014 ${witness.key.name} `));
    const text = own.map((line) => `${line}\n`).join('');
    return parseNote(note + text) === undefined ? { kind: 'away' } : { kind: 'cosigned', lines: text };
  }
}

function contradiction({ key }: Known, size: number, what: string): LedgerError {
  const way =
    'the state folder is older than the log that was published, or a copy of it is in use: find the newest one; never start a copy';
  return new LedgerError(
    'witness.refused',
    `the witness ${key.name} refuses this log at ${size} entries, because ${what}: ${way}`,
  );
}

/** At most what cosignatures can be. */
async function textOf(response: Response): Promise<string> {
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength > limits.witnessAnswerBytes) throw new RangeError('the witness says too much');
  return Buffer.from(bytes).toString('utf8');
}
