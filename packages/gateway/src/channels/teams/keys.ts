/**
 * The keys of the Bot Connector, from its metadata. They are kept for a day at most, and asked for anew when a key is
 * named that isn't among them: not more often than once in a while, since anybody can name one.
 */
import { importJWK, type CryptoKey } from 'jose';
import { z } from 'zod';
import type { Limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { CloudAddresses } from './clouds.ts';
import { ask, TeamsFault } from './fetching.ts';

const metadata = z.object({ issuer: z.string(), jwks_uri: z.url() });
const jwks = z.object({
  keys: z
    .array(
      z.object({
        kty: z.string(),
        kid: z.string().max(200).optional(),
        n: z.string().max(2_000).optional(),
        e: z.string().max(20).optional(),
        endorsements: z.array(z.string().max(100)).max(100).optional(),
      }),
    )
    .max(1_000),
});

export interface SigningKey {
  readonly key: CryptoKey;
  /** The channels for which whoever holds it may speak. */
  readonly endorsements: readonly string[];
}

export interface KeysOptions {
  readonly addresses: Pick<CloudAddresses, 'openIdUrl'>;
  readonly clock: Clock;
  readonly limits: Limits;
}

export class ConnectorKeys {
  readonly #options: KeysOptions;
  #keys = new Map<string, SigningKey>();
  #fetchedAtMs = -Infinity;
  #askedAtMs = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /** Undefined: no such key. Rejects with a TeamsFault where that can't be known now. */
  async find(kid: string): Promise<SigningKey | undefined> {
    const { clock, limits } = this.#options;
    const isFresh = clock.monotonicMs() - this.#fetchedAtMs < limits.teamsKeysMs;
    const known = isFresh ? this.#keys.get(kid) : undefined;
    if (known !== undefined) return known;
    const mayAsk = clock.monotonicMs() - this.#askedAtMs >= limits.teamsKeysAgainMs;
    if (mayAsk || this.#asking !== undefined) await this.fetch();
    // Fails closed: keys that are past their time count no more.
    else if (!isFresh) throw new TeamsFault('unreachable');
    return this.#keys.get(kid);
  }

  /** Once, however many wait for it. */
  fetch(): Promise<void> {
    this.#asking ??= this.#fetch().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #fetch(): Promise<void> {
    const { addresses, clock } = this.#options;
    this.#askedAtMs = clock.monotonicMs();
    const { jwks_uri: url } = await this.#get(addresses.openIdUrl, metadata);
    // Whoever could change the metadata on its way would name keys of their own elsewhere.
    if (new URL(url).protocol !== new URL(addresses.openIdUrl).protocol)
      throw new TeamsFault('unexpected_answer');
    const { keys } = await this.#get(url, jwks);
    const found = new Map<string, SigningKey>();
    for (const { kid, kty, n, e, endorsements = [] } of keys) {
      if (kid === undefined || kty !== 'RSA' || n === undefined || e === undefined) continue;
      const key = await importJWK({ kty, n, e, alg: 'RS256' });
      if (!(key instanceof Uint8Array)) found.set(kid, { key, endorsements });
    }
    this.#keys = found;
    this.#fetchedAtMs = clock.monotonicMs();
  }

  async #get<S extends z.ZodType>(url: string, schema: S): Promise<z.output<S>> {
    const { teamsCallMs, teamsKeysBytes } = this.#options.limits;
    const answer = await ask(url, {}, { timeoutMs: teamsCallMs, mostBytes: teamsKeysBytes });
    const { success, data } = schema.safeParse(answer.body);
    if (answer.status !== 200 || !success) throw new TeamsFault('unexpected_answer');
    return data;
  }
}
