// What the two pages for a signed vote share: showing whole, and signing exactly what is shown.
import {
  call,
  canonicalize,
  element,
  moveToLocalhost,
  onToken,
  sha256,
  show,
  sign,
  tell,
  toBase64url,
} from './common.js';

const place = (id) => document.getElementById(id);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The id in this page's address. */
export const idOfPage = () => location.pathname.split('/').at(-2);

/**
 * Runs the page for one thing that people vote on. `path`: where the API has it; `noun`: what it is called; `open`: its
 * status while it takes votes; `form`: what its digest is of; `whole`: the elements that show it; `votedOn`: the members
 * of what is signed that say what the vote is on (spec/vote.md).
 */
export function decideOn({ path, noun, open, form, whole, votedOn }) {
  /** What is on the page, and is signed. */
  let shown = null;

  async function look() {
    shown = null;
    place('deciding').hidden = true;
    const read = await call(path);
    // What stands on this page is what the digest is of, or there is nothing to sign.
    if (hex(await sha256(canonicalize(form(read)))) !== read.digest) {
      throw new Error(`The gateway shows another ${noun} than the one that is voted on. Tell your operator.`);
    }
    show(place('review'), ...whole(read));
    shown = read;
    place('deciding').hidden = read.status !== open;
    return read.status === open ? 'Read it whole, then decide.' : `This ${noun} is ${read.status}.`;
  }

  /** The challenge of this vote, made here of what stands on the page (spec/vote.md). */
  async function challengeOf({ nonce, expiresAt, identity, person }, decision) {
    const { rendering } = shown;
    const said = { decision, expiresAt: Date.parse(expiresAt), identity, nonce, person, rendering };
    return sha256(canonicalize({ ...said, ...votedOn(shown) }));
  }

  async function decide(kind) {
    const { digest, rendering } = shown;
    const offer = await call(`${path}/votes/challenge`, { kind, digest, rendering });
    const challenge = await challengeOf(offer, kind);
    if (toBase64url(challenge) !== offer.publicKey.challenge) {
      throw new Error(
        'The gateway asks you to sign something else than this page shows. Tell your operator.',
      );
    }
    const assertion = await sign(offer.publicKey, challenge);
    const reason = place('reason').value;
    const passkey = { nonce: offer.nonce, assertion };
    const voted = await call(`${path}/votes`, {
      kind,
      reason,
      digest,
      rendering,
      channel: 'browser',
      passkey,
    });
    place('deciding').hidden = true;
    return `Recorded: you ${kind === 'approve' ? 'approved' : 'rejected'}. The ${noun} is ${voted.status}.`;
  }

  moveToLocalhost();
  onToken(place('signing-in'), () => tell(place('status'), look));
  for (const kind of ['approve', 'reject'])
    place(kind).addEventListener('click', () => void tell(place('status'), () => decide(kind)));
}
