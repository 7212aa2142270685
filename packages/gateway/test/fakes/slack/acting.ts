/** What people do in the fake Slack, sent to the gateway as Slack sends it, by HTTP or over Socket Mode. */
import { createHmac } from 'node:crypto';
import type { WebSocket } from 'ws';
import { modal, type FakeBlock, type FakeButton } from './shapes.ts';
import type { FakeMessage, FakeView, Workspace } from './workspace.ts';

/** After this Slack shows an error to whoever acted. */
const ACK_MS = 3_000;

export interface Acting {
  readonly workspace: Workspace;
  readonly nowMs: () => number;
  readonly url: () => string;
  /** Where interactions go by HTTP; null: over the socket. */
  requestUrl: string | null;
  readonly sockets: ReadonlySet<WebSocket>;
  /** By envelope: who waits for its acknowledgement. */
  readonly waiting: Map<string, (payload: unknown) => void>;
}

/** What the gateway told Slack; `acked` false: an error beside the button. */
export interface Outcome {
  readonly acked: boolean;
  readonly answer: unknown;
  readonly tookMs: number;
}

export function signed(secret: string, timestamp: string, body: string): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${signature}`,
  };
}

/** One person's click, as it went over the wire: the same again is a replay. */
export interface Sent {
  readonly kind: 'interactive' | 'slash_commands';
  readonly payload: object;
}

export async function send(acting: Acting, { kind, payload }: Sent): Promise<Outcome> {
  const startMs = performance.now();
  const [socket] = acting.sockets;
  const answered =
    acting.requestUrl === null
      ? await overSocket(acting, socket, kind, payload)
      : await overHttp(acting, acting.requestUrl, formOf(kind, payload));
  return { ...answered, tookMs: performance.now() - startMs };
}

export const formOf = (kind: Sent['kind'], payload: object): string =>
  new URLSearchParams(
    kind === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>),
  ).toString();

type Answered = Omit<Outcome, 'tookMs'>;

async function overHttp({ workspace, nowMs }: Acting, url: string, body: string): Promise<Answered> {
  const timestamp = Math.floor(nowMs() / 1_000).toString();
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: signed(workspace.signingSecret, timestamp, body),
      body,
      signal: AbortSignal.timeout(ACK_MS),
    });
    const text = await response.text();
    return { acked: response.status === 200, answer: text === '' ? null : (JSON.parse(text) as unknown) };
  } catch {
    return { acked: false, answer: null };
  }
}

function overSocket(
  { waiting, workspace }: Acting,
  socket: WebSocket | undefined,
  type: Sent['kind'],
  payload: object,
): Promise<Answered> {
  if (socket === undefined) return Promise.resolve({ acked: false, answer: null });
  const envelope = `env-${workspace.next().toString()}`;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      waiting.delete(envelope);
      resolve({ acked: false, answer: null });
    }, ACK_MS);
    waiting.set(envelope, (answer) => {
      clearTimeout(timer);
      waiting.delete(envelope);
      const isEmpty = typeof answer !== 'object' || answer === null || Object.keys(answer).length === 0;
      resolve({ acked: true, answer: isEmpty ? null : answer });
    });
    socket.send(JSON.stringify({ type, envelope_id: envelope, accepts_response_payload: true, payload }));
  });
}

const userPart = ({ users }: Workspace, id: string) => {
  const user = users.get(id);
  if (user === undefined) throw new Error(`nobody is ${id}`);
  return { id, name: user.name, team_id: user.team };
};

function addressOf(
  { workspace, url, nowMs }: Acting,
  user: string,
  message: FakeMessage | null,
  channel: string,
): string {
  const id = `r${workspace.next().toString()}`;
  workspace.responders.set(id, { user, channel, message, atMs: nowMs(), uses: 0 });
  return `${url()}/response/${id}`;
}

export const buttonsOf = (blocks: readonly FakeBlock[]): readonly FakeButton[] =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));

/** The click of a button that stands on these blocks; throws where there is none, because nobody can press it. */
export function clickOf(
  acting: Acting,
  user: string,
  action: string,
  on: {
    readonly blocks: readonly FakeBlock[];
    readonly message: FakeMessage | null;
    readonly channel: string;
  },
): Sent {
  const { workspace, nowMs } = acting;
  const button = buttonsOf(on.blocks).find(({ action_id: id }) => id === action);
  if (button === undefined) throw new Error(`there is no button ${action}`);
  const trigger = `trigger-${workspace.next().toString()}`;
  workspace.triggers.set(trigger, { user, atMs: nowMs(), used: false });
  const payload = {
    type: 'block_actions',
    api_app_id: workspace.app,
    token: 'deprecated',
    team: { id: workspace.team, domain: 'example' },
    user: userPart(workspace, user),
    container: { type: 'message', message_ts: on.message?.ts, channel_id: on.channel },
    channel: { id: on.channel },
    message:
      on.message === null ? undefined : { ts: on.message.ts, text: on.message.text, blocks: on.blocks },
    trigger_id: trigger,
    response_url: addressOf(acting, user, on.message, on.channel),
    actions: [
      {
        ...button,
        type: 'button',
        block_id: 'actions',
        action_ts: `${nowMs().toString()}.${workspace.next().toString()}`,
      },
    ],
  };
  return { kind: 'interactive', payload };
}

/** What somebody wrote into a modal, by block. */
export type Written = Readonly<Record<string, string>>;

export function submissionOf({ workspace }: Acting, view: FakeView, written: Written): Sent {
  const { blocks, callback_id: callback, private_metadata: metadata } = view.modal;
  const inputs = blocks.flatMap((block) => (block.type === 'input' ? [block] : []));
  const values = inputs.map(({ block_id: id = '', element }) => {
    const given = written[id];
    const { type, action_id: action } = element;
    if (type === 'plain_text_input') {
      const text = given ?? '';
      if (text.length > (element.max_length ?? 3_000)) throw new Error(`${id} takes no so long text`);
      return [id, { [action]: { type, value: text === '' ? null : text } }] as const;
    }
    const chosen = element.options.find(({ value }) => value === given) ?? element.initial_option ?? null;
    return [id, { [action]: { type, selected_option: chosen } }] as const;
  });
  const state = { values: Object.fromEntries<object>(values) };
  const payload = {
    type: 'view_submission',
    team: { id: workspace.team, domain: 'example' },
    user: userPart(workspace, view.user),
    api_app_id: workspace.app,
    trigger_id: `trigger-${workspace.next().toString()}`,
    view: { id: view.id, callback_id: callback ?? '', private_metadata: metadata ?? '', state, hash: 'h' },
    response_urls: [],
  };
  return { kind: 'interactive', payload };
}

/** What Slack does with the answer to a submission. */
export function answerView(workspace: Workspace, view: FakeView, { acked, answer }: Outcome): void {
  if (!acked) return void (view.errors = { '': 'We had some trouble connecting. Try again?' });
  if (answer === null) return void workspace.views.delete(view.id);
  const { response_action: action, errors, view: next } = answer as Record<string, unknown>;
  if (action === 'errors') view.errors = errors as Record<string, string>;
  else if (action === 'update') {
    view.modal = modal.parse(next);
    view.errors = {};
  } else throw new Error('Slack knows no such answer to a submission');
}

export function commandOf(acting: Acting, user: string, channel: string, text: string): Sent {
  const { workspace } = acting;
  const payload = {
    token: 'deprecated',
    command: '/sallyport',
    text,
    team_id: workspace.team,
    channel_id: channel,
    user_id: user,
    user_name: workspace.users.get(user)?.name ?? '',
    api_app_id: workspace.app,
    trigger_id: `trigger-${workspace.next().toString()}`,
    response_url: addressOf(acting, user, null, channel),
  };
  return { kind: 'slash_commands', payload };
}
