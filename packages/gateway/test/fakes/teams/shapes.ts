/**
 * The Adaptive Cards that Teams takes, of the kinds that are used: each member that isn't documented is refused, and so
 * is what Teams documents as too large.
 */
import { z } from 'zod';

const run = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  weight: z.enum(['Lighter', 'Default', 'Bolder']).optional(),
  italic: z.boolean().optional(),
  isSubtle: z.boolean().optional(),
  fontType: z.enum(['Default', 'Monospace']).optional(),
  size: z.enum(['Small', 'Default', 'Medium', 'Large', 'ExtraLarge']).optional(),
});

const spacing = z.enum(['None', 'Small', 'Default', 'Medium', 'Large', 'ExtraLarge', 'Padding']).optional();
const rich = z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(run).min(1), spacing });

interface Container {
  type: 'Container';
  items: (z.output<typeof rich> | Container)[];
}

const container: z.ZodType<Container> = z.lazy(() =>
  z.strictObject({
    type: z.literal('Container'),
    style: z.enum(['default', 'emphasis', 'good', 'attention', 'warning', 'accent']).optional(),
    separator: z.boolean().optional(),
    spacing,
    items: z.array(z.union([rich, container])),
  }),
);

const inputText = z.strictObject({
  type: z.literal('Input.Text'),
  id: z.string().min(1),
  label: z.string().optional(),
  isMultiline: z.boolean().optional(),
  isRequired: z.boolean().optional(),
  errorMessage: z.string().optional(),
  maxLength: z.int().positive().optional(),
  value: z.string().optional(),
});

const inputChoice = z.strictObject({
  type: z.literal('Input.ChoiceSet'),
  id: z.string().min(1),
  label: z.string().optional(),
  style: z.enum(['compact', 'expanded', 'filtered']).optional(),
  value: z.string().optional(),
  choices: z.array(z.strictObject({ title: z.string().min(1), value: z.string().min(1) })).min(1),
});

const execute = z.strictObject({
  type: z.literal('Action.Execute'),
  title: z.string().min(1),
  verb: z.string().min(1),
  data: z.record(z.string(), z.unknown()),
  style: z.enum(['default', 'positive', 'destructive']).optional(),
  associatedInputs: z.enum(['auto', 'none']).optional(),
});

const openUrl = z.strictObject({
  type: z.literal('Action.OpenUrl'),
  title: z.string().min(1),
  url: z.url(),
});

/** A button that asks for a dialog: Teams knows it by `msteams`, and sends the rest of its data on. */
const fetchTask = z.strictObject({
  type: z.literal('Action.Submit'),
  title: z.string().min(1),
  data: z.looseObject({
    msteams: z.strictObject({ type: z.literal('task/fetch') }),
    verb: z.string().min(1),
  }),
  associatedInputs: z.enum(['auto', 'none']).optional(),
});

const SCHEMA = 'http://adaptivecards.io/schemas/adaptive-card.json';

export const card = z.strictObject({
  $schema: z.literal(SCHEMA),
  type: z.literal('AdaptiveCard'),
  version: z.literal('1.5'),
  fallbackText: z.string().optional(),
  msteams: z.strictObject({ width: z.literal('Full') }).optional(),
  refresh: z
    .strictObject({ action: execute, userIds: z.array(z.string().startsWith('29:')).max(60) })
    .optional(),
  // What people write, they write in dialogs.
  body: z.array(z.union([rich, container])),
  // Teams shows six actions of a card.
  actions: z
    .array(z.union([execute, openUrl, fetchTask]))
    .max(6)
    .optional(),
});

export type FakeCard = z.output<typeof card>;

const input = z.discriminatedUnion('type', [inputText, inputChoice]);
export type FakeInput = z.output<typeof input>;

const submit = z.strictObject({
  type: z.literal('Action.Submit'),
  title: z.string().min(1),
  data: z.record(z.string(), z.unknown()),
});

/** In a dialog Teams takes no universal action, and opens no other dialog. */
export const dialogCard = z.strictObject({
  $schema: z.literal(SCHEMA),
  type: z.literal('AdaptiveCard'),
  version: z.literal('1.5'),
  body: z.array(z.union([rich, container, input])),
  actions: z
    .array(z.discriminatedUnion('type', [submit, openUrl]))
    .min(1)
    .max(6),
});

const size = z.union([z.enum(['small', 'medium', 'large']), z.int().positive()]);

/** What Teams takes for an answer to `task/fetch` and `task/submit`. */
export const taskAnswer = z.strictObject({
  task: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('continue'),
      value: z.strictObject({
        title: z.string().min(1),
        height: size,
        width: size,
        card: z.strictObject({
          contentType: z.literal('application/vnd.microsoft.card.adaptive'),
          content: dialogCard,
        }),
      }),
    }),
    z.strictObject({ type: z.literal('message'), value: z.string().min(1) }),
  ]),
});

export interface FakeDialog {
  readonly title: string;
  readonly card: z.output<typeof dialogCard>;
}

export const inputsOf = ({ card: { body } }: FakeDialog): readonly FakeInput[] =>
  body.flatMap((each) => (each.type === 'Input.Text' || each.type === 'Input.ChoiceSet' ? [each] : []));

export const MOST_BYTES = 28 * 1_024;
export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

export const activity = z.strictObject({
  type: z.literal('message'),
  id: z.string().optional(),
  summary: z.string().min(1).max(500),
  attachments: z
    .array(
      z.strictObject({ contentType: z.literal('application/vnd.microsoft.card.adaptive'), content: card }),
    )
    .length(1),
});

const tenantOnly = z.strictObject({ id: z.string() });

export const newThread = z.strictObject({
  isGroup: z.literal(true),
  bot: z.strictObject({ id: z.string().startsWith('28:') }),
  tenantId: z.string(),
  channelData: z.strictObject({ channel: z.strictObject({ id: z.string() }), tenant: tenantOnly }),
  activity,
});

export const newChat = z.strictObject({
  isGroup: z.literal(false),
  bot: z.strictObject({ id: z.string().startsWith('28:') }),
  members: z.array(z.strictObject({ id: z.string() })).length(1),
  tenantId: z.string(),
  channelData: z.strictObject({ tenant: tenantOnly }),
});

/** What Teams takes for an answer to an invoke. */
export const invokeAnswer = z.discriminatedUnion('type', [
  z.strictObject({
    statusCode: z.literal(200),
    type: z.literal('application/vnd.microsoft.card.adaptive'),
    value: card,
  }),
  z.strictObject({
    statusCode: z.literal(200),
    type: z.literal('application/vnd.microsoft.activity.message'),
    value: z.string().min(1),
  }),
]);

/** All text of a card as a person reads it: a line each. */
export function textOf(value: Pick<FakeCard, 'body'> | FakeDialog['card']): string {
  const lines = (given: readonly unknown[]): string[] =>
    given.flatMap((each) => {
      const { inlines, items } = each as { inlines?: { text: string }[]; items?: unknown[] };
      if (inlines !== undefined) return [inlines.map(({ text }) => text).join('')];
      return items === undefined ? [] : lines(items);
    });
  return lines(value.body).join('\n').replaceAll('\u00a0', ' ');
}

/** What can be pressed: verbs, and titles of links. */
export const buttons = ({ actions = [] }: FakeCard): string[] =>
  actions.map((action) => {
    if (action.type === 'Action.OpenUrl') return action.title;
    return action.type === 'Action.Execute' ? action.verb : action.data.verb;
  });

export type FakeAction = Exclude<NonNullable<FakeCard['actions']>[number], { type: 'Action.OpenUrl' }>;

/** The button with this verb. */
export const actionOf = ({ actions = [] }: FakeCard, verb: string): FakeAction | undefined =>
  actions
    .flatMap((action) => (action.type === 'Action.OpenUrl' ? [] : [action]))
    .find((action) => (action.type === 'Action.Execute' ? action.verb : action.data.verb) === verb);
