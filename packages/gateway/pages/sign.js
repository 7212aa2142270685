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
const review = location.pathname.split('/').at(-2);
const path = `../../v1/reviews/${review}`;
/** What is on the page, and is signed. */
let shown = null;

function established(read) {
  const { requester, target, risk } = read;
  return element(
    'dl',
    {},
    ...term('Agent', `${requester.agent}, for ${requester.onBehalfOf} (${requester.onBehalfOfBasis})`),
    ...term('Target', `${target.name}, ${target.protocol}, ${target.environment}`),
    ...term('Operation', `${read.operation}: ${read.title}`),
    ...term('Risk', `${risk.score} of 100`, ...risk.signals.map((each) => sentence(each.explanation))),
    ...term('Data', ...lines(read.datasets.map(datasetLine))),
    ...term('Functions', ...lines(read.functions.map((each) => `${each.name} (${each.effect})`))),
    ...term('Row limit', read.rowLimit === null ? 'none' : String(read.rowLimit)),
    ...term('Not resolved', ...lines(read.unknown)),
    ...term('Why people are asked', ...lines(read.reasons.map(sentence))),
    ...term('What waits', ...lines(read.holding.map(sentence))),
    ...term('Expires', read.expiresAt),
  );
}

const parameterLine = ({ type, format, value }, at) =>
  `$${at + 1} ${type} ${format}: ${value === null ? 'NULL' : value}`;

/** Law 6: the whole action, and everything else that the gateway says of it. Law 9: an agent's words stand apart. */
function whole(read) {
  const answers = read.questions.map((each) => {
    const said =
      each.answer === null
        ? 'no answer yet'
        : `${each.answer.kind} ${each.answer.by} says: ${each.answer.text}`;
    return element('li', {}, `${each.by} asks: ${each.text}. ${said}`);
  });
  return [
    element('h2', {}, 'What will be sent, exactly'),
    element('pre', { id: 'command' }, read.command),
    element('ol', {}, ...read.parameters.map((each, at) => element('li', {}, parameterLine(each, at)))),
    element('h2', {}, 'What the gateway established'),
    established(read),
    element(
      'section',
      { className: 'untrusted' },
      element('h2', {}, 'The words of the agent and of those who answer for it; nobody checked them'),
      element('p', {}, read.untrusted.statedTask === '' ? 'It said nothing.' : read.untrusted.statedTask),
      element('ul', {}, ...answers),
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
    throw new Error('The gateway shows another action than the one under review. Tell your operator.');
  }
  show(place('review'), ...whole(read));
  shown = read;
  place('deciding').hidden = read.status !== 'pending';
  return read.status === 'pending' ? 'Read it whole, then decide.' : `This review is ${read.status}.`;
}

/** The challenge of this vote, made here of what stands on the page (spec/vote.md). */
async function challengeOf({ nonce, expiresAt, identity, person }, decision) {
  const { digest: action, rendering, id } = shown;
  const form = { action, decision, expiresAt: Date.parse(expiresAt), identity, nonce, person, rendering };
  return sha256(canonicalize({ ...form, review: id, version: 'sallyport/vote/v1' }));
}

async function decide(kind) {
  const { digest, rendering } = shown;
  const offer = await call(`${path}/votes/challenge`, { kind, digest, rendering });
  const challenge = await challengeOf(offer, kind);
  if (toBase64url(challenge) !== offer.publicKey.challenge) {
    throw new Error('The gateway asks you to sign something else than this page shows. Tell your operator.');
  }
  const assertion = await sign(offer.publicKey, challenge);
  const reason = place('reason').value;
  const passkey = { nonce: offer.nonce, assertion };
  const voted = await call(`${path}/votes`, { kind, reason, digest, rendering, channel: 'browser', passkey });
  place('deciding').hidden = true;
  return `Recorded: you ${kind === 'approve' ? 'approved' : 'rejected'}. The review is ${voted.status}.`;
}

onToken(place('signing-in'), () => tell(place('status'), look));
for (const kind of ['approve', 'reject'])
  place(kind).addEventListener('click', () => void tell(place('status'), () => decide(kind)));
