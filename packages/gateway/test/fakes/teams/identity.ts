/** Entra and the Bot Connector's keys: metadata, keys with endorsements, tokens for the bot, tokens to it. */
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { refused, type Replied } from './connector.ts';
import type { FakeTenant } from './tenant.ts';

export interface TokenChanges {
  issuer?: string;
  audience?: string | string[];
  serviceUrl?: string;
  /** By which key it is signed, and which it names. */
  key?: string;
  kid?: string;
  /** From now to its start and its end. */
  startMs?: number;
  endMs?: number;
}

interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK & { endorsements?: string[] };
}

export class FakeIdentity {
  readonly issuer = 'https://api.botframework.com';
  /** Keys in the metadata. `webchat` may not speak for Teams; `stranger` is in no metadata. */
  readonly published = new Set(['main', 'webchat']);
  readonly #tenant: FakeTenant;
  readonly #nowMs: () => number;
  readonly #pairs = new Map<string, Pair>();
  readonly #issued = new Set<string>();
  #base = '';

  constructor(tenant: FakeTenant, nowMs: () => number) {
    this.#tenant = tenant;
    this.#nowMs = nowMs;
  }

  async start(base: string): Promise<void> {
    this.#base = base;
    for (const [kid, endorsements] of Object.entries({
      main: ['msteams'],
      webchat: ['webchat'],
      next: ['msteams'],
      stranger: ['msteams'],
    })) {
      const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
      this.#pairs.set(kid, {
        privateKey,
        jwk: { ...(await exportJWK(publicKey)), use: 'sig', kid, endorsements },
      });
    }
  }

  answer(method: string, path: string, body: string): Replied | undefined {
    if (path === '/v1/.well-known/openidconfiguration')
      return {
        status: 200,
        body: {
          issuer: this.issuer,
          authorization_endpoint: 'https://invalid.botframework.com',
          jwks_uri: `${this.#base}/v1/.well-known/keys`,
          id_token_signing_alg_values_supported: ['RS256'],
          token_endpoint_auth_methods_supported: ['private_key_jwt'],
        },
      };
    if (path === '/v1/.well-known/keys')
      return { status: 200, body: { keys: [...this.published].map((kid) => this.#pairs.get(kid)?.jwk) } };
    const [, tenant] = /^\/login\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(path) ?? [];
    return tenant === undefined || method !== 'POST'
      ? undefined
      : this.#token(tenant, new URLSearchParams(body));
  }

  #token(tenant: string, form: URLSearchParams): Replied {
    if (tenant !== this.#tenant.id) return entra(400, 'invalid_request', 90_002);
    if (form.get('client_id') !== this.#tenant.appId) return entra(400, 'unauthorized_client', 700_016);
    if (form.get('client_secret') !== this.#tenant.appSecret) return entra(401, 'invalid_client', 7_000_215);
    if (
      form.get('grant_type') !== 'client_credentials' ||
      form.get('scope') !== 'https://api.botframework.com/.default'
    )
      return entra(400, 'invalid_scope', 70_011);
    const token = `fake-token-${(this.#issued.size + 1).toString()}`;
    this.#issued.add(token);
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3_599, access_token: token } };
  }

  isIssued(authorization: string | undefined): boolean {
    return this.#issued.has(authorization?.replace(/^Bearer /, '') ?? '');
  }

  revokeAll(): void {
    this.#issued.clear();
  }

  /** What comes with an activity. */
  sign(changes: TokenChanges = {}): Promise<string> {
    const { key = 'main', startMs = 0, endMs = 3_600_000 } = changes;
    const pair = this.#pairs.get(key);
    if (pair === undefined) throw new Error(`no key ${key}`);
    return new SignJWT({ serviceurl: changes.serviceUrl ?? `${this.#base}/teams` })
      .setProtectedHeader({ alg: 'RS256', kid: changes.kid ?? key, typ: 'JWT' })
      .setIssuer(changes.issuer ?? this.issuer)
      .setAudience(changes.audience ?? this.#tenant.appId)
      .setNotBefore(new Date(this.#nowMs() + startMs))
      .setExpirationTime(new Date(this.#nowMs() + endMs))
      .sign(pair.privateKey);
  }
}

const entra = (status: number, error: string, code: number): Replied => ({
  ...refused(status, error),
  body: {
    error,
    error_description: `AADSTS${code.toString()}: it may quote what was sent.`,
    error_codes: [code],
  },
});
