import type { PasskeyRefusal, PasskeyRefusalCode } from '../core/passkey.ts';
import { err, type Result } from '../core/result.ts';

const MESSAGES: Readonly<Record<PasskeyRefusalCode, string>> = {
  'passkey.unavailable':
    'Browsers make passkeys for names, not for addresses: `listen.api.publicUrl` has to be an https URL with a host name, or one of `localhost`.',
  'passkey.none': 'You have no passkey that can be used here. Register one on the page /passkeys.',
  'passkey.challenge_unknown':
    'What was signed was asked too long ago, was used already, or is another person’s. Begin again.',
  'passkey.invalid': 'This is no valid registration.',
  'passkey.unvouched':
    'You have had a passkey before, so that another one has to be signed with one that you have: a token alone can’t add it.',
  'passkey.known': 'This passkey is registered already.',
  'passkey.too_many': 'You have as many passkeys as one person may have. Revoke one that you don’t use.',
  'passkey.not_found': 'You have no such passkey.',
  'passkey.revoked': 'This passkey is revoked already.',
  'ledger.unavailable': 'This can’t be recorded now, so nothing was changed. Try again.',
};

export function refusalOf(code: PasskeyRefusalCode, detail = ''): Result<never, PasskeyRefusal> {
  return err({ code, message: detail === '' ? MESSAGES[code] : `${MESSAGES[code]} ${detail}` });
}
