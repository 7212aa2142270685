import {
  call,
  canonicalize,
  create,
  element,
  moveToLocalhost,
  onToken,
  sha256,
  show,
  sign,
  tell,
  toBase64url,
} from './common.js';

moveToLocalhost();

const place = (id) => document.getElementById(id);

async function list() {
  const { passkeys } = await call('v1/passkeys');
  const rows = passkeys.map((passkey) => {
    const since = `${passkey.label === '' ? 'passkey' : passkey.label}, since ${passkey.registeredAt}`;
    const row = element('li', {}, `${since} `, element('code', {}, passkey.id));
    if (passkey.revokedAt !== null) row.append(` revoked ${passkey.revokedAt}`);
    else
      row.append(
        ' ',
        element('button', { type: 'button', onclick: () => void revoke(passkey.id) }, 'Revoke'),
      );
    return row;
  });
  show(place('list'), ...(rows.length > 0 ? rows : [element('li', {}, 'None yet.')]));
  place('registering').hidden = false;
}

const revoke = (id) =>
  tell(place('status'), async () => {
    await call(`v1/passkeys/${id}/revoke`, {});
    await list();
    return 'Revoked.';
  });

/** What a passkey that the person has signs, so that a token alone adds none (spec/vote.md). */
async function vouch({ expiresAt, identity, nonce, person, vouching }, credential) {
  if (vouching === null) return null;
  const attestation = toBase64url(await sha256(credential.response.attestationObject));
  const form = { attestation, expiresAt: Date.parse(expiresAt), identity, nonce, person };
  show(place('status'), 'Now sign with a passkey that you have already.');
  return sign(vouching, await sha256(canonicalize({ ...form, version: 'sallyport/passkey/v1' })));
}

onToken(place('signing-in'), () =>
  tell(place('status'), async () => {
    await list();
    return 'These are your passkeys.';
  }),
);

place('registering').addEventListener('submit', (event) => {
  event.preventDefault();
  void tell(place('status'), async () => {
    const offer = await call('v1/passkeys/registration', {});
    const credential = await create(offer.publicKey);
    const vouching = await vouch(offer, credential);
    const label = place('label').value.trim();
    await call('v1/passkeys', { nonce: offer.nonce, label, credential, vouching });
    await list();
    return 'Registered.';
  });
});
