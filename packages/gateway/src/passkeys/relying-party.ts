/** For whom browsers make and use passkeys: WebAuthn's relying party. */
export interface RelyingParty {
  /** The one origin whose pages may ask. */
  readonly origin: string;
  readonly rpId: string;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;
const ADDRESS = /^(\d+\.\d+\.\d+\.\d+|\[.*\])$/;

/**
 * The relying party of the URL under which people reach the API; null where that is an address. Browsers make passkeys
 * for names alone, and of names without TLS for `localhost` alone: on this machine the page is opened under that name.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | null {
  const { protocol, hostname, port } = new URL(publicUrl);
  const isHere = LOOPBACK.test(hostname);
  if (!isHere && (ADDRESS.test(hostname) || protocol !== 'https:')) return null;
  const rpId = isHere ? 'localhost' : hostname;
  return { rpId, origin: `${protocol}//${rpId}${port === '' ? '' : `:${port}`}` };
}
