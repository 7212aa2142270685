/** What Slack sends when somebody does something, parsed once into what we use of it; anything else is refused. */
import { z } from 'zod';

/** Slack’s own form of its ids: nothing else gets into a record. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/);
const account = z.object({ id, team_id: id.optional(), name: z.string().max(200).optional() });
const team = z.object({ id });

const clicked = z.object({
  type: z.literal('block_actions'),
  user: account,
  team,
  trigger_id: z.string().max(500),
  response_url: z.url().max(1_000).optional(),
  actions: z
    .array(
      z.object({
        action_id: z.string().max(255),
        action_ts: z.string().max(50),
        value: z.string().max(2_000).optional(),
      }),
    )
    .min(1)
    .max(25),
});

const field = z.object({
  value: z.string().max(3_000).nullish(),
  selected_option: z.object({ value: z.string().max(150) }).nullish(),
});

const submitted = z.object({
  type: z.literal('view_submission'),
  user: account,
  team,
  view: z.object({
    id,
    callback_id: z.string().max(255),
    private_metadata: z.string().max(3_000),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), field)) }),
  }),
});

const commanded = z.object({
  command: z.string().max(100),
  text: z.string().max(2_000).default(''),
  team_id: id,
  user_id: id,
  user_name: z.string().max(200).optional(),
  response_url: z.url().max(1_000),
});

/** Somebody of one team, as Slack says. */
export interface Actor {
  readonly team: string;
  /** The team that the account belongs to, which differs for people of other workspaces. */
  readonly home: string;
  readonly user: string;
  /** How Slack shows them; for people, and never to know them by. */
  readonly name: string;
}

export type Incoming =
  | {
      readonly kind: 'click';
      readonly actor: Actor;
      readonly action: string;
      readonly value: string;
      /** The same for the same click, and no other. */
      readonly occasion: string;
      readonly trigger: string;
      readonly responseUrl: string | null;
    }
  | {
      readonly kind: 'submission';
      readonly actor: Actor;
      readonly callback: string;
      readonly value: string;
      readonly occasion: string;
      /** By field: what was written or chosen. */
      readonly fields: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'command'; readonly actor: Actor; readonly text: string; readonly responseUrl: string }
  /** A modal was closed, or something that we don't offer: nothing to do. */
  | { readonly kind: 'nothing' };

const actorOf = (user: z.output<typeof account>, { id: where }: z.output<typeof team>): Actor => ({
  team: where,
  home: user.team_id ?? where,
  user: user.id,
  name: user.name ?? user.id,
});

/** Undefined where it isn't of the documented shape. */
export function readInteraction(payload: unknown): Incoming | undefined {
  const { type } = z.object({ type: z.string() }).safeParse(payload).data ?? {};
  if (type === 'block_actions') return readClick(payload);
  if (type === 'view_submission') return readSubmission(payload);
  return type === undefined ? undefined : { kind: 'nothing' };
}

function readClick(payload: unknown): Incoming | undefined {
  const parsed = clicked.safeParse(payload);
  const action = parsed.data?.actions[0];
  if (!parsed.success || action === undefined) return undefined;
  const { user, team: where, trigger_id: trigger, response_url: responseUrl } = parsed.data;
  return {
    kind: 'click',
    actor: actorOf(user, where),
    action: action.action_id,
    value: action.value ?? '',
    occasion: `click ${action.action_ts} ${action.action_id}`,
    trigger,
    responseUrl: responseUrl ?? null,
  };
}

function readSubmission(payload: unknown): Incoming | undefined {
  const parsed = submitted.safeParse(payload);
  if (!parsed.success) return undefined;
  const { user, team: where, view } = parsed.data;
  const fields = Object.entries(view.state.values).map(([name, actions]) => {
    const given = actions[name];
    return [name, given?.selected_option?.value ?? given?.value ?? ''] as const;
  });
  return {
    kind: 'submission',
    actor: actorOf(user, where),
    callback: view.callback_id,
    value: view.private_metadata,
    occasion: `view ${view.id}`,
    fields: Object.fromEntries(fields),
  };
}

export function readCommand(fields: unknown): Incoming | undefined {
  const parsed = commanded.safeParse(fields);
  if (!parsed.success) return undefined;
  const { text, team_id: team, user_id: user, user_name: name, response_url: responseUrl } = parsed.data;
  return {
    kind: 'command',
    actor: { team, home: team, user, name: name ?? user },
    text: text.trim(),
    responseUrl,
  };
}
