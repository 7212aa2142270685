/** The Bot Connector's REST API, as far as it is used: one call each, never repeated by itself. The outbox repeats. */
import { z } from 'zod';
import type { Limits } from '../../limits.ts';
import type { AdaptiveCard } from './card.ts';
import { ask, TeamsFault, type Answer } from './fetching.ts';
import type { Line } from './thread.ts';
import type { OwnToken } from './token.ts';

/** A message: where it stands, and its name there. */
export interface Place {
  readonly conversation: string;
  readonly activity: string;
}

export interface Posting {
  readonly card: AdaptiveCard | Line;
  /** For notifications: our own words. */
  readonly summary: string;
}

/** What Teams knows of somebody in a conversation. */
export interface Member {
  readonly id: string;
  readonly user: string;
  readonly tenant: string;
  readonly isGuest: boolean;
  /** Entra's user principal name: unique in its tenant, in a domain that the tenant has proved. */
  readonly principalName: string | null;
}

export interface ConnectorOptions {
  readonly appId: string;
  readonly tenant: string;
  readonly addresses: { readonly serviceUrl: string };
  readonly token: OwnToken;
  readonly limits: Limits;
}

const made = z.object({ id: z.string().min(1).max(300), activityId: z.string().max(300).optional() });
const posted = z.object({ id: z.string().min(1).max(300) });
const member = z.object({
  id: z.string().min(1).max(300),
  aadObjectId: z.string().optional(),
  objectId: z.string().optional(),
  tenantId: z.string(),
  userRole: z.string().optional(),
  userPrincipalName: z.string().max(300).optional(),
});
const problem = z.object({ error: z.object({ code: z.string().regex(/^\w{1,60}$/) }) });

export class Connector {
  readonly #options: ConnectorOptions;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** A new thread in a channel of a team. */
  async postInRoom(room: string, posting: Posting): Promise<Place> {
    const { appId, tenant } = this.#options;
    const body = {
      isGroup: true,
      bot: { id: `28:${appId}` },
      tenantId: tenant,
      channelData: { channel: { id: room }, tenant: { id: tenant } },
      activity: activityOf(posting),
    };
    const { id, activityId } = this.#read(made, await this.#call('POST', '/v3/conversations', body));
    if (activityId === undefined) throw new TeamsFault('unexpected_answer');
    return { conversation: id, activity: activityId };
  }

  /** The conversation with one person who has the app: the same each time. */
  async openDirect(user: string): Promise<string> {
    const { appId, tenant } = this.#options;
    const body = {
      isGroup: false,
      bot: { id: `28:${appId}` },
      members: [{ id: user }],
      tenantId: tenant,
      channelData: { tenant: { id: tenant } },
    };
    return this.#read(made, await this.#call('POST', '/v3/conversations', body)).id;
  }

  async post(conversation: string, posting: Posting): Promise<Place> {
    const path = `/v3/conversations/${encodeURIComponent(conversation)}/activities`;
    const answer = await this.#call('POST', path, activityOf(posting));
    return { conversation, activity: this.#read(posted, answer).id };
  }

  async update({ conversation, activity }: Place, posting: Posting): Promise<void> {
    const path = `/v3/conversations/${encodeURIComponent(conversation)}/activities/${encodeURIComponent(activity)}`;
    await this.#call('PUT', path, { ...activityOf(posting), id: activity });
  }

  async member(conversation: string, user: string): Promise<Member> {
    const path = `/v3/conversations/${encodeURIComponent(conversation)}/members/${encodeURIComponent(user)}`;
    const found = this.#read(member, await this.#call('GET', path));
    return {
      id: found.id,
      user: (found.aadObjectId ?? found.objectId ?? '').toLowerCase(),
      tenant: found.tenantId.toLowerCase(),
      // Fails closed: what Teams doesn't say is taken as what lets nobody in.
      isGuest: found.userRole !== 'user' || (found.userPrincipalName ?? '').includes('#EXT#'),
      principalName: found.userPrincipalName ?? null,
    };
  }

  /** Rejects unless the app is installed where the room is. */
  async room(room: string): Promise<void> {
    await this.#call('GET', `/v3/conversations/${encodeURIComponent(room)}/pagedmembers?pageSize=50`);
  }

  async #call(method: string, path: string, body?: object): Promise<Answer> {
    const { addresses, limits, token } = this.#options;
    const answer = await ask(
      `${addresses.serviceUrl}${path}`,
      {
        method,
        headers: {
          authorization: `Bearer ${await token.get()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      { timeoutMs: limits.teamsCallMs, mostBytes: limits.teamsAnswerBytes },
    );
    if (answer.status < 300) return answer;
    if (answer.status === 401) token.drop();
    throw new TeamsFault(codeOf(answer), answer.retryAfterMs);
  }

  #read<S extends z.ZodType>(schema: S, { body }: Answer): z.output<S> {
    const { success, data } = schema.safeParse(body);
    if (!success) throw new TeamsFault('unexpected_answer');
    return data;
  }
}

/** By its status first, which Teams' own words refine. */
function codeOf({ status, body }: Answer): string {
  const { success, data } = problem.safeParse(body);
  return success ? `${status.toString()} ${data.error.code}` : status.toString();
}

const activityOf = ({ card, summary }: Posting): object => ({
  type: 'message',
  summary,
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }],
});
