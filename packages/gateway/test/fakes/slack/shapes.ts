/**
 * Block Kit as Slack documents it (docs.slack.dev, reference/block-kit), for what may be sent: strict about fields, sizes
 * and limits. What we don't use isn't here, and is refused.
 */
import { z } from 'zod';

const plain = (most: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(most),
    emoji: z.boolean().optional(),
  });
const blockId = z.string().min(1).max(255).optional();
const actionId = z.string().min(1).max(255);

const style = z
  .strictObject({ bold: z.literal(true), italic: z.literal(true), code: z.literal(true) })
  .partial();
const element = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().min(1), style: style.optional() }),
  z.strictObject({ type: z.literal('user'), user_id: z.string().regex(/^[UW][A-Z0-9]+$/) }),
  z.strictObject({ type: z.literal('link'), url: z.url(), text: z.string().optional() }),
]);
const elements = z.array(element).min(1);
const section = z.strictObject({ type: z.literal('rich_text_section'), elements });
const richText = z.strictObject({
  type: z.literal('rich_text'),
  block_id: blockId,
  elements: z
    .array(
      z.discriminatedUnion('type', [
        section,
        z.strictObject({ type: z.literal('rich_text_preformatted'), elements }),
        z.strictObject({ type: z.literal('rich_text_quote'), elements }),
        z.strictObject({
          type: z.literal('rich_text_list'),
          style: z.enum(['bullet', 'ordered']),
          elements: z.array(section).min(1),
        }),
      ]),
    )
    .min(1),
});

const button = z.strictObject({
  type: z.literal('button'),
  action_id: actionId,
  text: plain(75),
  value: z.string().max(2_000).optional(),
  url: z.url().max(3_000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z
    .strictObject({ title: plain(100), text: plain(300), confirm: plain(30), deny: plain(30) })
    .optional(),
});
const header = z.strictObject({ type: z.literal('header'), block_id: blockId, text: plain(150) });
const actions = z.strictObject({
  type: z.literal('actions'),
  block_id: blockId,
  elements: z.array(button).min(1).max(25),
});
const option = z.strictObject({ text: plain(75), value: z.string().min(1).max(150) });
const input = z.strictObject({
  type: z.literal('input'),
  block_id: blockId,
  label: plain(2_000),
  element: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('plain_text_input'),
      action_id: actionId,
      multiline: z.boolean().optional(),
      min_length: z.int().min(0).max(3_000).optional(),
      max_length: z.int().min(1).max(3_000).optional(),
    }),
    z.strictObject({
      type: z.literal('radio_buttons'),
      action_id: actionId,
      options: z.array(option).min(1).max(10),
      initial_option: option.optional(),
    }),
  ]),
});

const inMessages = z.discriminatedUnion('type', [richText, header, actions]);
const inModals = z.discriminatedUnion('type', [richText, header, actions, input]);
export type FakeBlock = z.output<typeof inModals>;
export type FakeButton = z.output<typeof button>;

const unique = (blocks: readonly { readonly block_id?: string | undefined }[]): boolean => {
  const ids = blocks.flatMap(({ block_id: id }) => (id === undefined ? [] : [id]));
  return new Set(ids).size === ids.length;
};

export const messageBlocks = z.array(inMessages).max(50).refine(unique);

export const modal = z
  .strictObject({
    type: z.literal('modal'),
    callback_id: z.string().max(255).optional(),
    private_metadata: z.string().max(3_000).optional(),
    title: plain(24),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    blocks: z.array(inModals).min(1).max(100).refine(unique),
  })
  // Slack's own rule: a modal with something to fill in has a button that sends it.
  .refine(({ blocks, submit }) => submit !== undefined || blocks.every(({ type }) => type !== 'input'));
export type FakeModal = z.output<typeof modal>;

/** By no documented rule (slackapi/bolt-js#2509): what all blocks of a message may come to. */
export const mostBlockCharacters = 13_200;
