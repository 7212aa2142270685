/** What people's clients do: they look at cards, which refreshes them, and press buttons. */
import { actionOf, inputsOf, invokeAnswer, taskAnswer, type FakeCard, type FakeDialog } from './shapes.ts';
import type { FakeTeams } from './teams.ts';
import type { FakeMessage, FakeUser } from './tenant.ts';
import type { TokenChanges } from './identity.ts';

export interface Pressed {
  readonly status: number;
  /** What only this person is told; empty for a card. */
  readonly told: string;
  /** What they see from now on in place of the message. */
  readonly card: FakeCard | undefined;
  /** What opens, or stays open. */
  readonly dialog: FakeDialog | undefined;
}

export interface Pressing {
  /** What is written into the dialog that opens. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What they see; by default what their client shows them now. */
  readonly card?: FakeCard;
  readonly forgery?: Forgery;
}

type Data = Readonly<Record<string, unknown>>;

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

  /** A button that opens a dialog opens it; where something is written, it is sent as well. */
  async press(
    user: FakeUser,
    message: FakeMessage,
    verb: string,
    { fields, card, forgery }: Pressing = {},
  ): Promise<Pressed> {
    const seen = card ?? (await this.look(user, message));
    const action = actionOf(seen, verb);
    if (action === undefined) throw new Error(`no button ${verb}`);
    if (action.type === 'Action.Execute') return this.#send(user, message, action, {}, 'manual', forgery);
    const { msteams: _, ...data } = action.data;
    const opened = await this.send(this.task(user, message, 'task/fetch', data), forgery);
    if (fields === undefined || opened.dialog === undefined) return opened;
    return this.submit(user, message, opened.dialog, fields, forgery);
  }

  /** Sends a dialog with what was written; what isn't is as the dialog has it. */
  submit(
    user: FakeUser,
    message: FakeMessage,
    dialog: FakeDialog,
    fields: Readonly<Record<string, string>>,
    forgery?: Forgery,
  ): Promise<Pressed> {
    const action = dialog.card.actions.find(({ type }) => type === 'Action.Submit');
    if (action?.type !== 'Action.Submit') throw new Error('the dialog can’t be sent');
    const inputs = inputsOf(dialog);
    const values = inputs.map((input) => {
      const text = fields[input.id] ?? input.value ?? '';
      if (input.type === 'Input.Text' && input.isRequired === true && text === '')
        throw new Error(`${input.id} is required`);
      if (input.type === 'Input.Text' && text.length > (input.maxLength ?? Infinity))
        throw new Error(`${input.id} takes no so long text`);
      return [input.id, text] as const;
    });
    for (const name of Object.keys(fields))
      if (!inputs.some(({ id }) => id === name)) throw new Error(`the dialog has no ${name}`);
    const data = { ...action.data, ...Object.fromEntries(values) };
    return this.send(this.task(user, message, 'task/submit', data), forgery);
  }

  /** What opens a dialog, or sends one. */
  task(user: FakeUser, message: FakeMessage, name: 'task/fetch' | 'task/submit', data: Data) {
    return { ...this.#activity(user, message), name, value: { data, context: { theme: 'default' } } };
  }

  /** An activity as Teams would send it. */
  invoke(
    user: FakeUser,
    message: FakeMessage,
    { verb, data }: { readonly verb: string; readonly data: Data },
    trigger = 'manual',
  ): Record<string, unknown> {
    return {
      ...this.#activity(user, message),
      name: 'adaptiveCard/action',
      value: { action: { type: 'Action.Execute', title: 'x', verb, data }, trigger },
    };
  }

  #activity(user: FakeUser, message: FakeMessage): Record<string, unknown> {
    clicks += 1;
    const { tenant } = this.#teams;
    const isChat = message.conversation.startsWith('a:');
    return {
      type: 'invoke',
      id: `f:${clicks.toString()}-${message.id}`,
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
    };
  }

  async #send(
    user: FakeUser,
    message: FakeMessage,
    action: { readonly verb: string; readonly data: Data },
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
    const pressed = { status: response.status, told: '', card: undefined, dialog: undefined };
    if (response.status !== 200 || text === '') return pressed;
    return { ...pressed, ...shownOf(body, JSON.parse(text)) };
  }
}

/** Teams' client takes an answer by the name of what it sent. */
function shownOf(sent: string, answered: unknown): Partial<Pressed> {
  if ((JSON.parse(sent) as { readonly name: string }).name === 'adaptiveCard/action') {
    const { type, value } = invokeAnswer.parse(answered);
    return type === 'application/vnd.microsoft.card.adaptive' ? { card: value } : { told: value };
  }
  const { task } = taskAnswer.parse(answered);
  if (task.type === 'message') return { told: task.value };
  return { dialog: { title: task.value.title, card: task.value.card.content } };
}
