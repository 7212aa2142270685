/** What people's clients do: they look at cards, which refreshes them, and press buttons. */
import { executes, invokeAnswer, type FakeCard } from './shapes.ts';
import type { FakeTeams } from './teams.ts';
import type { FakeMessage, FakeUser } from './tenant.ts';
import type { TokenChanges } from './identity.ts';

export interface Pressed {
  readonly status: number;
  /** What only this person is told; empty for a card. */
  readonly told: string;
  /** What they see from now on in place of the message. */
  readonly card: FakeCard | undefined;
}

export interface Forgery {
  readonly token?: TokenChanges;
  /** In place of a token; null: none. */
  readonly authorization?: string | null;
  /** Members of the activity in place of the right ones. */
  readonly activity?: Readonly<Record<string, unknown>>;
}

let clicks = 0;

export class Acting {
  readonly #teams: FakeTeams;
  /** Where the gateway takes what Teams sends. */
  inboundUrl = '';

  constructor(teams: FakeTeams) {
    this.#teams = teams;
  }

  /** Somebody sees the message: their client asks for a card of their own where the card says so. */
  async look(user: FakeUser, message: FakeMessage): Promise<FakeCard> {
    const { card } = message;
    if (!card.refresh?.userIds.includes(user.mri)) return card;
    return (await this.#send(user, message, card.refresh.action, {}, 'automatic')).card ?? card;
  }

  /** By the menu of the message, which anybody has. */
  async refresh(user: FakeUser, message: FakeMessage): Promise<Pressed> {
    const action = message.card.refresh?.action;
    if (action === undefined) throw new Error('nothing to refresh');
    return this.#send(user, message, action, {}, 'manual');
  }

  /** @param card what they see; by default what their client shows them now. */
  async press(
    user: FakeUser,
    message: FakeMessage,
    verb: string,
    {
      fields = {},
      card,
      forgery,
    }: { fields?: Record<string, string>; card?: FakeCard; forgery?: Forgery } = {},
  ): Promise<Pressed> {
    const seen = card ?? (await this.look(user, message));
    const action = executes(seen).find((each) => each.verb === verb);
    if (action === undefined) throw new Error(`no button ${verb}`);
    return this.#send(user, message, action, fields, 'manual', forgery);
  }

  /** An activity as Teams would send it. */
  invoke(
    user: FakeUser,
    message: FakeMessage,
    { verb, data }: { readonly verb: string; readonly data: Readonly<Record<string, unknown>> },
    trigger = 'manual',
  ): Record<string, unknown> {
    clicks += 1;
    const { tenant } = this.#teams;
    const isChat = message.conversation.startsWith('a:');
    return {
      type: 'invoke',
      id: `f:${clicks.toString()}-${message.id}`,
      name: 'adaptiveCard/action',
      timestamp: new Date(this.#teams.nowMs()).toISOString(),
      channelId: 'msteams',
      serviceUrl: this.#teams.addresses.serviceUrl,
      from: { id: user.mri, name: user.name, aadObjectId: user.oid },
      recipient: { id: `28:${tenant.appId}`, name: 'Sallyport' },
      conversation: {
        id: message.conversation,
        conversationType: isChat ? 'personal' : 'channel',
        tenantId: tenant.id,
      },
      channelData: { tenant: { id: tenant.id }, source: { name: 'message' } },
      replyToId: message.id,
      locale: 'en-US',
      value: { action: { type: 'Action.Execute', title: 'x', verb, data }, trigger },
    };
  }

  async #send(
    user: FakeUser,
    message: FakeMessage,
    action: { readonly verb: string; readonly data: Readonly<Record<string, unknown>> },
    fields: Record<string, string>,
    trigger: string,
    forgery: Forgery = {},
  ): Promise<Pressed> {
    const data = { ...action.data, ...fields };
    return this.send(this.invoke(user, message, { verb: action.verb, data }, trigger), forgery);
  }

  async send(activity: Record<string, unknown>, forgery: Forgery = {}): Promise<Pressed> {
    const { authorization = `Bearer ${await this.#teams.identity.sign(forgery.token)}` } = forgery;
    return this.post(JSON.stringify({ ...activity, ...forgery.activity }), authorization);
  }

  async post(body: string, authorization: string | null, contentType = 'application/json'): Promise<Pressed> {
    const response = await fetch(this.inboundUrl, {
      method: 'POST',
      headers: { 'content-type': contentType, ...(authorization === null ? {} : { authorization }) },
      body,
    });
    const text = await response.text();
    if (response.status !== 200 || text === '') return { status: response.status, told: '', card: undefined };
    const answer = invokeAnswer.parse(JSON.parse(text));
    return answer.type === 'application/vnd.microsoft.card.adaptive'
      ? { status: 200, told: '', card: answer.value }
      : { status: 200, told: answer.value, card: undefined };
  }
}
