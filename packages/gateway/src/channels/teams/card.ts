/** What stands in Teams about one review, for everybody in a room, and for one person who may decide. */
import { sizeOf, type Card } from '../../core/card.ts';
import { valueOf } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import { bytesOf, type Container, type Element, fit, type Fitted, type InputText } from './elements.ts';
import { bold, line, runs } from './rich-text.ts';

/** What people do, as it comes back to us. */
export const VERBS = {
  refresh: 'sallyport.refresh',
  approve: 'sallyport.approve',
  reject: 'sallyport.reject',
  ask: 'sallyport.ask',
} as const;

/** What people write. */
export const FIELDS = { reason: 'reason', question: 'question', to: 'to' } as const;

interface Execute {
  readonly type: 'Action.Execute';
  readonly title: string;
  readonly verb: string;
  readonly data: { readonly shown: string };
  readonly style?: 'positive' | 'destructive';
  /** `none`: unfinished words keep nobody from approving. */
  readonly associatedInputs?: 'none' | 'auto';
}

interface OpenUrl {
  readonly type: 'Action.OpenUrl';
  readonly title: string;
  readonly url: string;
}

interface ShowCard {
  readonly type: 'Action.ShowCard';
  readonly title: string;
  readonly card: {
    readonly type: 'AdaptiveCard';
    readonly body: readonly Element[];
    readonly actions: readonly Execute[];
  };
}

export type Action = Execute | OpenUrl | ShowCard;

export interface AdaptiveCard {
  readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json';
  readonly type: 'AdaptiveCard';
  readonly version: '1.5';
  readonly fallbackText: string;
  readonly msteams: { readonly width: 'Full' };
  readonly refresh?: { readonly action: Execute; readonly userIds: readonly string[] };
  readonly body: readonly Element[];
  readonly actions: readonly Action[];
}

/** To whom a card is shown. */
export interface Audience {
  /** Teams' ids of those whose clients ask for a card of their own; null: nobody's does. */
  readonly refreshedFor: readonly string[] | null;
  /** Whether it is for one person, who may decide. */
  readonly decides: boolean;
  /** Said above all else, in our own words. */
  readonly told?: string;
  /** Where its reader says who they are. */
  readonly link?: string | null;
}

export function reviewCard(card: Card, audience: Audience, limits: Limits): AdaptiveCard {
  const empty = shell(card, audience, { elements: [], omitted: card.sections }, limits);
  const fitted = fit(card, limits.teamsCardBytes - bytesOf(empty) - limits.teamsCardSpareBytes, limits);
  return shell(card, audience, fitted, limits);
}

/** For what Teams doesn't take: no part of the action, and nothing to decide with. */
export const linkCard = (card: Card): AdaptiveCard => ({
  ...frame(card),
  body: [heading(card), line('Small', runs(`${card.state} Teams can’t show it: open it.`))],
  actions: [open(card)],
});

export const frame = (card: Pick<Card, 'url'>) =>
  ({
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.5',
    fallbackText: `This client can’t show it. Open it: ${card.url}`,
    msteams: { width: 'Full' },
  }) as const;

export const heading = ({ heading: text }: Pick<Card, 'heading'>) =>
  line(undefined, runs(text, { weight: 'Bolder', size: 'Large' }));

function shell(card: Card, audience: Audience, fitted: Fitted, limits: Limits): AdaptiveCard {
  const { refreshedFor, told, link } = audience;
  const isWhole = fitted.omitted.length === 0;
  return {
    ...frame(card),
    // Nothing of a review that is over changes for one person alone.
    ...(card.isOpen && refreshedFor !== null
      ? { refresh: { action: execute(card, VERBS.refresh, 'Show it to me'), userIds: refreshedFor } }
      : {}),
    body: [
      ...(told === undefined ? [] : [banner(told)]),
      heading(card),
      line('Small', runs(card.state)),
      ...fitted.elements,
      ...(isWhole ? [] : [leftOut(fitted.omitted)]),
    ],
    actions: [
      ...(link === undefined || link === null ? [] : [{ ...open(card), title: 'Say who I am', url: link }]),
      ...(card.isOpen && audience.decides ? deciding(card, isWhole, limits) : []),
      open(card),
    ],
  };
}

const banner = (text: string): Container => ({
  type: 'Container',
  style: 'warning',
  items: [line(undefined, bold(text))],
});

function leftOut(omitted: Fitted['omitted']): Container {
  const named = omitted
    .slice(0, 5)
    .map((each) => `${clip(each.title)} (${sizeOf(each).toString()} characters)`);
  const others = omitted.length > 5 ? ` and ${(omitted.length - 5).toString()} more` : '';
  return banner(
    `Too long to be shown here: ${named.join(', ')}${others}. It can’t be approved from here: open it.`,
  );
}

const clip = (title: string): string => (title.length <= 60 ? title : `${title.slice(0, 59)}…`);

const open = ({ url }: Card): OpenUrl => ({ type: 'Action.OpenUrl', title: 'Open in browser', url });

const execute = (card: Card, verb: string, title: string, more: Partial<Execute> = {}): Execute => ({
  type: 'Action.Execute',
  title,
  verb,
  data: { shown: valueOf(card) },
  ...more,
});

/** Law 6: what isn't shown whole has no Approve; what has to be signed is signed where there are passkeys. */
function deciding(card: Card, isWhole: boolean, limits: Limits): readonly Action[] {
  const approve = execute(card, VERBS.approve, 'Approve exactly this', {
    style: 'positive',
    associatedInputs: 'none',
  });
  return [
    ...(isWhole && !card.needsPasskey ? [approve] : []),
    ...(card.needsPasskey ? [{ ...open(card), title: 'Sign with your passkey', url: card.signUrl }] : []),
    asking('Reject…', [words(FIELDS.reason, 'Why? The agent is told it.', limits)], {
      ...execute(card, VERBS.reject, 'Reject', { style: 'destructive' }),
    }),
    asking('Ask…', [words(FIELDS.question, 'Your question; the answer arrives here', limits), TO_WHOM], {
      ...execute(card, VERBS.ask, 'Ask'),
    }),
  ];
}

const asking = (title: string, body: readonly Element[], action: Execute): ShowCard => ({
  type: 'Action.ShowCard',
  title,
  card: { type: 'AdaptiveCard', body, actions: [action] },
});

const words = (id: string, label: string, { judgmentCharacters }: Limits): InputText => ({
  type: 'Input.Text',
  id,
  label,
  isMultiline: true,
  isRequired: true,
  errorMessage: 'It needs some words.',
  maxLength: judgmentCharacters,
});

const TO_WHOM: Element = {
  type: 'Input.ChoiceSet',
  id: FIELDS.to,
  label: 'To whom',
  style: 'expanded',
  value: 'agent',
  choices: [
    { title: 'The agent', value: 'agent' },
    { title: 'The person for whom it acts', value: 'sponsor' },
  ],
};
