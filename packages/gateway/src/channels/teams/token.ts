/** Our own token, by client credentials. Kept until shortly before it ends. */
import { z } from 'zod';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Secret } from '../../ports-chat.ts';
import type { CloudAddresses } from './clouds.ts';
import { ask, TeamsFault } from './fetching.ts';

const granted = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
/** Entra's numbers of what is wrong. */
const refused = z.object({ error: z.string().max(100), error_codes: z.array(z.int()).max(20).default([]) });

export interface TokenOptions {
  readonly appId: string;
  readonly appSecret: Secret;
  readonly tenant: string;
  readonly addresses: Pick<CloudAddresses, 'loginUrl' | 'scope'>;
  readonly clock: Clock;
  readonly limits: Limits;
}

export interface IssuedToken {
  readonly token: string;
  /** Of the issuer's clock; null: it didn't say. */
  readonly issuedAtMs: number | null;
}

export class OwnToken {
  readonly #options: TokenOptions;
  #kept: { readonly token: string; readonly untilMs: number } | undefined;
  #asking: Promise<IssuedToken> | undefined;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** Rejects with a TeamsFault, `AADSTS…` where Entra says no. */
  async get(): Promise<string> {
    const kept = this.#kept;
    if (kept !== undefined && this.#options.clock.monotonicMs() < kept.untilMs) return kept.token;
    return (await this.issue()).token;
  }

  /** What the Connector doesn't take is not kept. */
  drop(): void {
    this.#kept = undefined;
  }

  issue(): Promise<IssuedToken> {
    this.#asking ??= this.#issue().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #issue(): Promise<IssuedToken> {
    const { addresses, appId, appSecret, clock, limits, tenant } = this.#options;
    const answer = await ask(
      `${addresses.loginUrl}/${tenant}/oauth2/v2.0/token`,
      {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: appId,
          client_secret: appSecret.reveal(),
          scope: addresses.scope,
        }),
      },
      { timeoutMs: limits.teamsCallMs, mostBytes: limits.teamsAnswerBytes },
    );
    if (answer.status === 429 || answer.status >= 500)
      throw new TeamsFault('login_busy', answer.retryAfterMs);
    const { success, data } = granted.safeParse(answer.body);
    if (answer.status !== 200 || !success) throw new TeamsFault(refusalOf(answer.body));
    const lifeMs = data.expires_in * 1_000 - limits.teamsTokenSpareMs;
    this.#kept = { token: data.access_token, untilMs: clock.monotonicMs() + Math.max(0, lifeMs) };
    return { token: data.access_token, issuedAtMs: answer.atMs };
  }
}

function refusalOf(body: unknown): string {
  const { success, data } = refused.safeParse(body);
  const [number] = success ? data.error_codes : [];
  return number === undefined ? 'login_refused' : `AADSTS${number.toString()}`;
}
