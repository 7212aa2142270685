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
});

const inputChoice = z.strictObject({
  type: z.literal('Input.ChoiceSet'),
  id: z.string().min(1),
  label: z.string().optional(),
  style: z.enum(['compact', 'expanded', 'filtered']).optional(),
  value: z.string().optional(),
  choices: z.array(z.strictObject({ title: z.string().min(1), value: z.string().min(1) })).min(1),
});

const element = z.union([rich, container, inputText, inputChoice]);

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

const showCard = z.strictObject({
  type: z.literal('Action.ShowCard'),
  title: z.string().min(1),
  card: z.strictObject({
    type: z.literal('AdaptiveCard'),
    body: z.array(element),
    actions: z.array(execute),
  }),
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
  body: z.array(element),
  // Teams shows six actions of a card.
  actions: z
    .array(z.union([execute, openUrl, showCard]))
    .max(6)
    .optional(),
});

export type FakeCard = z.output<typeof card>;

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
export function textOf(value: FakeCard): string {
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
  actions.flatMap((action) => {
    if (action.type === 'Action.OpenUrl') return [action.title];
    return action.type === 'Action.Execute' ? [action.verb] : action.card.actions.map(({ verb }) => verb);
  });

export const executes = ({ actions = [] }: FakeCard): z.output<typeof execute>[] =>
  actions.flatMap((action) => {
    if (action.type === 'Action.OpenUrl') return [];
    return action.type === 'Action.Execute' ? [action] : action.card.actions;
  });
