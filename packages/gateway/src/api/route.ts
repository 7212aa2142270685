import type { ProblemCode } from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import type { Serving } from './deps.ts';

/** Every policy action of the API: `Action::"api:reviews.list"` in Cedar. */
export const apiActions = [
  'api:reviews.list',
  'api:reviews.read',
  'api:reviews.state',
  'api:reviews.vote',
  'api:reviews.question',
  'api:reviews.answer',
  'api:standing.propose',
  'api:standing.list',
  'api:standing.read',
  'api:standing.preview',
  'api:standing.vote',
  'api:standing.revoke',
  'api:passkeys.read',
  'api:passkeys.write',
  'api:chat_links.read',
  'api:chat_links.write',
  'api:break_glass.run',
  'api:break_glass.read',
  'api:break_glass.review',
  'api:events.read',
  'api:usage.read',
  'api:attention.read',
  'api:ledger.read',
  'api:ledger.erase',
  'api:catalog.scan',
  'api:ledger.rotate',
  'api:channels.read',
  'api:channels.manage',
  'api:receipts.read',
  'api:document.read',
  'api:delegations.read',
  'api:delegations.write',
  'api:policies.read',
  'api:policies.propose',
  'api:policies.vote',
  'api:actions.submit',
  'api:actions.read',
  'api:actions.perform',
] as const;
export type ApiAction = (typeof apiActions)[number];

/**
 * Who gets to a route's handler. `people`: an agent is refused and recorded, whatever policy says (law 5). `principals`:
 * agents too, if policy permits. `agents`: a person has nothing to do there. `public`: no credential is asked for, so the handler knows nobody and tells nothing.
 */
export type Access =
  | {
      readonly to: 'people';
      readonly action: ApiAction;
      readonly agentCode: 'access.people_only' | 'vote.not_a_person' | 'break_glass.not_a_person';
    }
  | { readonly to: 'principals'; readonly action: ApiAction }
  | { readonly to: 'agents'; readonly action: ApiAction }
  | { readonly to: 'public'; readonly because: string };

/** What a handler gets: parsed input, and for every route but public ones the principal. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly headers: Headers;
  /** The bytes of the body, for a row that takes them as they are; otherwise none. */
  readonly raw: Uint8Array;
  /** The caller's address as the gateway sees it; empty where it sees none. */
  readonly client: string;
}

export type Handle<P, Q, B, W> = (call: Call<P, Q, B>, principal: W, serving: Serving) => Promise<Reply>;

/** What a handler answers; a problem is an expected outcome, not an exception. */
export type Reply =
  | { readonly kind: 'json'; readonly body: object; readonly status?: 200 | 202; readonly etag?: string }
  /** What the caller has is what there is (304). */
  | { readonly kind: 'unchanged'; readonly etag: string }
  | { readonly kind: 'text'; readonly body: string }
  /** A page, or a part of one: it comes with the policy that the browser keeps it to. */
  | { readonly kind: 'page'; readonly body: string; readonly contentSecurityPolicy: string }
  | { readonly kind: 'bytes'; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'stream'; readonly body: ReadableStream<Uint8Array> }
  | {
      readonly kind: 'problem';
      readonly code: ProblemCode;
      readonly detail: string;
      readonly about?: ProblemMembers;
    };

/** Members of a problem beyond those that each has. */
export interface ProblemMembers {
  readonly instance?: string;
  readonly review?: string;
  readonly hint?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** The body of a successful answer, as the OpenAPI document says it. */
export interface Answer {
  readonly description: string;
  readonly contentType: string;
  readonly schema: z.ZodType;
}

interface RowBase {
  readonly method: 'get' | 'post';
  /** With parameters in braces; one that ends in `+` spans the rest of the path. */
  readonly path: `/${string}`;
  readonly name: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Takes the body as it is, byte for byte: what is signed is read by nobody before its signature. */
  readonly raw?: true;
  /** Headers that it understands, for its readers: the handler checks them itself. */
  readonly headers?: z.ZodObject;
  readonly answer: Answer;
  /** Beyond those that every route has. */
  readonly problems: readonly ProblemCode[];
  /** Whether it also answers 202: accepted, and not decided yet. */
  readonly accepts?: true;
  /** The largest body, where that is larger than usual. */
  readonly mostBytes?: number;
  /** How long an answer may take, where that is longer than usual: the caller asked to wait. */
  readonly longestMs?: number;
}

/** A row of the table of routes. */
export type Route = RowBase &
  (
    | {
        readonly access: Exclude<Access, { to: 'public' }>;
        readonly handle: Handle<unknown, unknown, unknown, Principal>;
      }
    | {
        readonly access: Extract<Access, { to: 'public' }>;
        readonly handle: Handle<unknown, unknown, unknown, null>;
      }
  );

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

interface Typed<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType | undefined,
> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
}

/** One row, with its handler's types taken from its schemas; they are forgotten afterwards, so that rows fit in a table. */
export function guarded<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  row: Omit<RowBase, 'params' | 'query' | 'body'> &
    Typed<P, Q, B> & {
      readonly access: Exclude<Access, { to: 'public' }>;
      readonly handle: Handle<Parsed<P>, Parsed<Q>, Parsed<B>, Principal>;
    },
): Route {
  return row as unknown as Route;
}

export function open(
  row: RowBase & {
    readonly access: Extract<Access, { to: 'public' }>;
    readonly handle: Handle<unknown, unknown, unknown, null>;
  },
): Route {
  return row;
}

/** Refuses a table in which a route has no policy action of the list, or two routes are the same: it doesn't start. */
export function checkRoutes(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path, access } of routes) {
    const name = `${method.toUpperCase()} ${path}`;
    // What the types say is said again, because a plug-in or a cast could get around them.
    const given = access as Access | undefined;
    const known = given !== undefined && (given.to === 'public' || apiActions.includes(given.action));
    if (!known)
      throw new Error(`${name} has no policy action: every route needs one, or to be public with a reason`);
    if (seen.has(name)) throw new Error(`${name} is in the table twice`);
    seen.add(name);
  }
}
