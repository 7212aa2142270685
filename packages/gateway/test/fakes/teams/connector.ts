/** The Bot Connector's REST API over a local tenant: strict about tokens, fields and sizes. */
import { activity, bytesOf, MOST_BYTES, newChat, newThread, type FakeCard } from './shapes.ts';
import type { FakeMessage, FakeTenant } from './tenant.ts';

export interface Replied {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export const refused = (status: number, code: string): Replied => ({
  status,
  body: { error: { code, message: `Refused: ${code}. It may quote what was sent.` } },
});

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export class FakeConnector {
  readonly #tenant: FakeTenant;

  constructor(tenant: FakeTenant) {
    this.#tenant = tenant;
  }

  answer({ method, path, body }: Request): Replied {
    const [, conversation, kind, id] =
      /^\/v3\/conversations(?:\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?)?$/.exec(path) ?? [];
    if (conversation === undefined)
      return method === 'POST' && path === '/v3/conversations'
        ? this.#create(body)
        : refused(404, 'NotFound');
    const where = decodeURIComponent(conversation);
    const what = id === undefined ? undefined : decodeURIComponent(id);
    const route = `${method} ${kind ?? ''}${what === undefined ? '' : ' id'}`;
    if (route === 'POST activities') return this.#post(where, body);
    if (route === 'PUT activities id') return this.#update(where, what ?? '', body);
    if (route === 'GET members id') return this.#member(where, what ?? '');
    if (route === 'GET pagedmembers') return this.#members(where);
    return refused(404, 'NotFound');
  }

  #create(body: unknown): Replied {
    const thread = newThread.safeParse(body);
    if (thread.success) {
      const { activity: posted, channelData, tenantId } = thread.data;
      if (tenantId !== this.#tenant.id) return refused(403, 'BotNotInConversationRoster');
      const room = channelData.channel.id;
      const fault = this.#whyNot(room) ?? sizeFault(posted);
      if (fault !== null) return fault;
      const id = this.#tenant.newId();
      const conversation = `${room};messageid=${id}`;
      this.#add(conversation, id, posted);
      return { status: 201, body: { id: conversation, activityId: id } };
    }
    const chat = newChat.safeParse(body);
    if (!chat.success) return refused(400, 'BadSyntax');
    const user = this.#tenant.users.get(chat.data.members[0]?.id ?? '');
    if (user === undefined) return refused(400, 'BadArgument');
    if (!user.hasApp) return refused(403, 'BotNotInstalledForUser');
    return { status: 201, body: { id: chatOf(user.oid) } };
  }

  #whyNot(room: string): Replied | null {
    const isInstalled = this.#tenant.channels.get(room);
    if (isInstalled === undefined) return refused(404, 'ConversationNotFound');
    return isInstalled ? null : refused(403, 'BotNotInConversationRoster');
  }

  #isConversation(conversation: string): boolean {
    if ([...this.#tenant.users.keys()].some((oid) => chatOf(oid) === conversation)) return true;
    return this.#tenant.channels.get(roomOf(conversation)) === true;
  }

  #post(conversation: string, body: unknown): Replied {
    const { success, data } = activity.safeParse(body);
    if (!success) return refused(400, 'BadSyntax');
    if (!this.#isConversation(conversation)) return refused(404, 'ConversationNotFound');
    const fault = sizeFault(data);
    if (fault !== null) return fault;
    const id = this.#tenant.newId();
    this.#add(conversation, id, data);
    return { status: 201, body: { id } };
  }

  #add(conversation: string, id: string, { attachments, summary }: Activity): void {
    const card = attachments[0]?.content as FakeCard;
    this.#tenant.messages.push({ conversation, id, card, summary, edits: 0 });
  }

  #update(conversation: string, id: string, body: unknown): Replied {
    const { success, data } = activity.safeParse(body);
    if (!success || data.id !== id) return refused(400, 'BadSyntax');
    const message = this.#tenant.messages.find(
      (each) => each.conversation === conversation && each.id === id,
    );
    if (message === undefined) return refused(404, 'ActivityNotFoundInConversation');
    const fault = sizeFault(data);
    if (fault !== null) return fault;
    change(message, data);
    return { status: 200, body: { id } };
  }

  #member(conversation: string, user: string): Replied {
    if (!this.#isConversation(conversation)) return refused(404, 'ConversationNotFound');
    const found = this.#tenant.users.get(user);
    if (found === undefined || found.removed) return refused(404, 'MemberNotFoundInConversation');
    return {
      status: 200,
      body: {
        id: found.mri,
        name: found.name,
        aadObjectId: found.oid,
        tenantId: found.tenant,
        userRole: found.role,
        userPrincipalName: found.principalName,
        email: found.principalName,
      },
    };
  }

  #members(room: string): Replied {
    return this.#whyNot(room) ?? { status: 200, body: { members: [] } };
  }
}

type Activity = ReturnType<typeof activity.parse>;

function change(message: FakeMessage, { attachments, summary }: Activity): void {
  message.card = attachments[0]?.content as FakeCard;
  message.summary = summary;
  message.edits += 1;
}

const sizeFault = (posted: Activity): Replied | null =>
  bytesOf(posted.attachments[0]?.content) > MOST_BYTES ? refused(413, 'MessageSizeTooBig') : null;

export const chatOf = (oid: string): string => `a:1${oid}`;
const roomOf = (conversation: string): string => conversation.split(';')[0] ?? '';
