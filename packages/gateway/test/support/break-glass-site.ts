import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningGateway } from '@sallyport/gateway/main';
import { SallyportClient } from '@sallyport/sdk';
import type { BreakGlass, BreakGlassRequest } from '@sallyport/sdk/contract';
import { createProofKey } from '@sallyport/sdk/grant';
import { Authenticator } from '../../../verifier/test/authenticator.ts';
import { personCredential } from '../../../../sample/credentials.ts';
import { openActionsSite, type ActionsSite } from './actions-site.ts';

const shipped = new URL('../../policies/65-break-glass.cedar', import.meta.url);

/** The example that the shipped file shows, with its comment signs taken off: what a reader would write. */
export function exampleOfShippedPolicy(): string {
  const lines = readFileSync(shipped, 'utf8').split('\n');
  const first = lines.findIndex((line) => line.startsWith('// @id'));
  return lines
    .slice(first)
    .filter((line) => line.startsWith('//'))
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}

export interface BreakGlassSite extends ActionsSite {
  readonly kim: string;
}

/** Sam is on call and Kim reviews, as the shipped example says. */
export async function openBreakGlassSite(): Promise<BreakGlassSite> {
  const site = await openActionsSite();
  const { token } = await personCredential(site.directory, 'kim');
  site.configure((text) =>
    text
      .replace('groups: [data-stewards]', 'groups: [data-stewards, on-call]')
      .replace(
        '\ngroups:\n',
        '\n  - { name: kim, groups: [security], credential: { tokenSha256: { file: secrets/kim.check } } }\ngroups:\n  - { name: on-call }\n  - { name: security }\n',
      ),
  );
  writeFileSync(join(site.directory, 'policies', '66-on-call.cedar'), exampleOfShippedPolicy(), {
    mode: 0o600,
  });
  return { ...site, kim: token };
}

export const clientOf = ({ api }: Pick<RunningGateway, 'api'>, token: string): SallyportClient =>
  new SallyportClient({ url: api.address, token });

/** A passkey in software: what a browser at the gateway's address would hand in. */
export async function registerKey(client: SallyportClient): Promise<Authenticator> {
  const key = new Authenticator();
  const { nonce, origin, publicKey } = await client.offerPasskeyRegistration();
  const challenge = Buffer.from(nonce, 'base64url');
  const made = key.register({ challenge, origin, rpId: publicKey.rp.id });
  await client.registerPasskey({
    nonce,
    label: 'in software',
    credential: { id: key.credential, response: { ...made, transports: [] } },
  });
  return key;
}

export const request = (more: Partial<BreakGlassRequest> = {}): BreakGlassRequest => ({
  target: 'billing',
  operation: 'service.restart',
  arguments: { service: 'checkout' },
  reason: 'The shop is down, and nobody else answers.',
  ...more,
});

/** Prepared, signed, and not performed yet. */
export async function breakGlass(
  client: SallyportClient,
  key: Authenticator,
  more: Partial<BreakGlassRequest> = {},
): Promise<BreakGlass> {
  const { id, digest, rendering, url } = await client.prepareBreakGlass(request(more));
  const offer = await client.challengeBreakGlass(id, { digest, rendering });
  const { hostname, port } = new URL(url);
  const origin = `http://${hostname === '127.0.0.1' ? 'localhost' : hostname}:${port}`;
  const challenge = Buffer.from(offer.publicKey.challenge, 'base64url');
  const response = key.assert({ challenge, origin, rpId: offer.publicKey.rpId });
  const passkey = { nonce: offer.nonce, assertion: { id: key.credential, response } };
  return client.signBreakGlass(id, { digest, rendering, channel: 'api', passkey });
}

export async function perform(client: SallyportClient, { id, grantUrl }: BreakGlass) {
  const key = await createProofKey();
  const issued = await client.grantBreakGlass(
    id,
    await key.prove({ method: 'POST', url: grantUrl }, Date.now()),
  );
  return { key, issued };
}
