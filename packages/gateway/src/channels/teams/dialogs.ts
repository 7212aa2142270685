/**
 * Dialogs in Teams: a reason, a question, an answer. A button asks for one (`task/fetch`), and what is written into it
 * comes back (`task/submit`). In a dialog nothing is approved.
 */
import type { Card } from '../../core/card.ts';
import { valueOf } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import type { Container, Element, InputText } from './elements.ts';
import { bold, line, type RichTextBlock, runs } from './rich-text.ts';
import { type DialogVerb, FIELDS, VERBS } from './verbs.ts';

/** A button of a dialog, which Teams sends on with what was written. */
export interface Submit {
  readonly type: 'Action.Submit';
  readonly title: string;
  readonly data: {
    readonly verb: DialogVerb;
    readonly shown: string;
    /** Which question is answered. */
    readonly asked?: number;
    /** On a card: it asks for a dialog, and sends nothing of what is written there. */
    readonly msteams?: { readonly type: 'task/fetch' };
  };
  readonly associatedInputs?: 'none';
}

interface OpenUrl {
  readonly type: 'Action.OpenUrl';
  readonly title: string;
  readonly url: string;
}

interface DialogCard {
  readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json';
  readonly type: 'AdaptiveCard';
  readonly version: '1.5';
  readonly body: readonly Element[];
  readonly actions: readonly (Submit | OpenUrl)[];
}

/** Teams' own form of what is shown next: a dialog, or a line in its place. */
export type TaskAnswer =
  | {
      readonly task: {
        readonly type: 'continue';
        readonly value: {
          readonly title: string;
          readonly height: 'small' | 'medium';
          readonly width: 'small' | 'medium';
          readonly card: {
            readonly contentType: 'application/vnd.microsoft.card.adaptive';
            readonly content: DialogCard;
          };
        };
      };
    }
  | { readonly task: { readonly type: 'message'; readonly value: string } };

export const told = (value: string): TaskAnswer => ({ task: { type: 'message', value } });

/** What asks for a dialog. */
export const opening = (card: Card, verb: DialogVerb, title: string, asked?: number): Submit => ({
  type: 'Action.Submit',
  title,
  data: { ...dataOf(card, verb, asked), msteams: { type: 'task/fetch' } },
  associatedInputs: 'none',
});

const dataOf = (card: Card, verb: DialogVerb, asked: number | undefined): Submit['data'] => ({
  verb,
  shown: valueOf(card),
  ...(asked === undefined ? {} : { asked }),
});

export interface Dialog {
  readonly verb: DialogVerb;
  /** Which question is answered. */
  readonly asked: number | undefined;
  /** What was written already, where it is shown again. */
  readonly written: string;
  readonly to: 'agent' | 'sponsor';
  /** Why it is shown again, in our own words. */
  readonly told?: string;
  /** Where its reader says who they are. */
  readonly link?: string | null;
}

const TITLES: Readonly<Record<DialogVerb, string>> = {
  [VERBS.reject]: 'Reject',
  [VERBS.ask]: 'Ask',
  [VERBS.answer]: 'Answer',
};

export function dialogOf(card: Card, dialog: Dialog, limits: Limits): TaskAnswer {
  const { verb, asked, told: why, link } = dialog;
  const title = TITLES[verb];
  const content: DialogCard = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    body: [...(why === undefined ? [] : [warning(why)]), about(card), ...fieldsOf(dialog, limits)],
    actions: [
      { type: 'Action.Submit', title, data: dataOf(card, verb, asked) },
      ...(link === undefined || link === null
        ? []
        : [{ type: 'Action.OpenUrl', title: 'Say who I am', url: link } as const]),
    ],
  };
  const attached = { contentType: 'application/vnd.microsoft.card.adaptive', content } as const;
  return {
    task: { type: 'continue', value: { title, height: 'medium', width: 'medium', card: attached } },
  };
}

const about = ({ heading }: Card): RichTextBlock => line(undefined, runs(heading));

const warning = (text: string): Container => ({
  type: 'Container',
  style: 'warning',
  items: [line(undefined, bold(text))],
});

function fieldsOf({ verb, asked, written, to }: Dialog, limits: Limits): readonly Element[] {
  if (verb === VERBS.reject) return [words(FIELDS.reason, 'Why? The agent is told it.', written, limits)];
  if (verb === VERBS.answer) {
    const label = `Your answer to question ${(asked ?? 0).toString()}; whoever decides is shown it`;
    return [words(FIELDS.answer, label, written, limits)];
  }
  const label = 'Your question; the answer arrives below the review';
  return [words(FIELDS.question, label, written, limits), toWhom(to)];
}

const words = (id: string, label: string, value: string, { judgmentCharacters }: Limits): InputText => ({
  type: 'Input.Text',
  id,
  label,
  isMultiline: true,
  isRequired: true,
  errorMessage: 'It needs some words.',
  maxLength: judgmentCharacters,
  ...(value === '' ? {} : { value }),
});

const toWhom = (value: 'agent' | 'sponsor'): Element => ({
  type: 'Input.ChoiceSet',
  id: FIELDS.to,
  label: 'To whom',
  style: 'expanded',
  value,
  choices: [
    { title: 'The agent', value: 'agent' },
    { title: 'The person for whom it acts', value: 'sponsor' },
  ],
});
