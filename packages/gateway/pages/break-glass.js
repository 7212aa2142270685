import {
  call,
  canonicalize,
  datasetLine,
  digestOf,
  element,
  lines,
  moveToLocalhost,
  onToken,
  sentence,
  sha256,
  show,
  sign,
  tell,
  term,
  toBase64url,
} from './common.js';

moveToLocalhost();

const place = (id) => document.getElementById(id);
const path = `../../v1/break-glass/${location.pathname.split('/').at(-2)}`;
/** What is on the page, and is signed. */
let shown = null;

/** Law 6: the whole action, and everything else that the gateway says of it. */
function whole(read) {
  const { person, target, risk } = read;
  return [
    element('h2', {}, 'What you will be granted to run, exactly'),
    element('pre', { id: 'command' }, read.command),
    element('h2', {}, 'What goes on record'),
    element(
      'dl',
      {},
      ...term('You', `${person}, in your own name`),
      ...term('Your reason', read.reason),
      ...term('Target', `${target.name}, ${target.protocol}, ${target.environment}`),
      ...term('Operation', read.operation),
      ...term('Risk', `${risk.score} of 100`, ...risk.signals.map((each) => sentence(each.explanation))),
      ...term('Data, as declared', ...lines(read.datasets.map(datasetLine))),
      ...term('Not resolved', ...lines(read.unknown)),
      ...term('Policies that let you', ...lines(read.policies)),
      ...term('Who may review it afterwards', ...lines(read.reviewers)),
      ...term('Can be signed until', read.expiresAt),
    ),
    element('h2', {}, 'Everything, as the gateway has it'),
    element('pre', {}, JSON.stringify(read, null, 2)),
  ];
}

async function look() {
  shown = null;
  place('deciding').hidden = true;
  const read = await call(path);
  if ((await digestOf(read)) !== read.digest) {
    throw new Error('The gateway shows another action than the one to be signed. Tell your operator.');
  }
  show(place('use'), ...whole(read));
  shown = read;
  place('deciding').hidden = read.status !== 'prepared';
  return read.status === 'prepared' ? 'Read it whole, then sign.' : `This is ${read.status}.`;
}

/** The challenge of this use, made here of what stands on the page (spec/break-glass.md). */
async function challengeOf({ nonce, expiresAt, identity, person }) {
  const { digest: action, rendering, id: review } = shown;
  const form = { action, expiresAt: Date.parse(expiresAt), identity, nonce, person, rendering, review };
  return sha256(canonicalize({ ...form, decision: 'break_glass', version: 'sallyport/vote/v1' }));
}

async function breakGlass() {
  const { digest, rendering } = shown;
  const offer = await call(`${path}/challenge`, { digest, rendering });
  const challenge = await challengeOf(offer);
  if (toBase64url(challenge) !== offer.publicKey.challenge) {
    throw new Error('The gateway asks you to sign something else than this page shows. Tell your operator.');
  }
  const assertion = await sign(offer.publicKey, challenge);
  const passkey = { nonce: offer.nonce, assertion };
  const use = await call(`${path}/sign`, { digest, rendering, channel: 'browser', passkey });
  place('deciding').hidden = true;
  return `Recorded: you broke glass. Go on where you asked for it, before ${use.expiresAt}.`;
}

onToken(place('signing-in'), () => tell(place('status'), look));
place('sign').addEventListener('click', () => void tell(place('status'), breakGlass));
