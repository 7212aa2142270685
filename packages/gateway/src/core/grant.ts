import type { ActionId, GrantId, ReviewId } from './ids.ts';

/** What a grant is bound to. Every field must be present and equal at the time of spending (threat A6). */
export interface GrantBinding {
  readonly digest: string;
  readonly agent: string;
  readonly target: string;
  readonly environment: string;
}

export type GrantState =
  | { readonly status: 'live' }
  | { readonly status: 'spent'; readonly atMs: number; readonly action: ActionId }
  | { readonly status: 'revoked'; readonly atMs: number };

/** The one-time authorization that an approved review yields. It is live only before `expiresAtMs`. */
export interface Grant {
  readonly id: GrantId;
  readonly review: ReviewId;
  readonly binding: GrantBinding;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly state: GrantState;
}

/** Why a grant can't be spent. */
export type GrantRefusal =
  'grant.missing' | 'grant.mismatch' | 'grant.spent' | 'grant.revoked' | 'grant.expired';
