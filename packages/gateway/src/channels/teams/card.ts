/** What stands in Teams about one review, for everybody in a room, and for one person who may decide. */
import { sizeOf, type Card } from '../../core/card.ts';
import type { AskedCard } from '../../core/card-asked.ts';
import { valueOf } from '../../core/shown-value.ts';
import type { Limits } from '../../limits.ts';
import { opening, type Submit } from './dialogs.ts';
import { bytesOf, type Container, type Element, fit, type Fitted } from './elements.ts';
import { bold, line, runs } from './rich-text.ts';
import { VERBS } from './verbs.ts';

interface Execute {
  readonly type: 'Action.Execute';
  readonly title: string;
  readonly verb: string;
  readonly data: { readonly shown: string };
  readonly style?: 'positive';
  readonly associatedInputs?: 'none';
}

interface OpenUrl {
  readonly type: 'Action.OpenUrl';
  readonly title: string;
  readonly url: string;
}

export type Action = Execute | OpenUrl | Submit;

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
  const empty = shell(card, audience, { elements: [], omitted: card.sections });
  const fitted = fit(card, limits.teamsCardBytes - bytesOf(empty) - limits.teamsCardSpareBytes, limits);
  return shell(card, audience, fitted);
}

/** For what Teams doesn't take: no part of the action, and nothing to decide with. */
export const linkCard = (card: Card): AdaptiveCard => ({
  ...frame(card),
  body: [heading(card), line('Small', runs(`${card.state} Teams can’t show it: open it.`))],
  actions: [open(card)],
});

/** For somebody who is asked about what an agent does for them. Nothing is decided there. */
export function askedCard({ card, title, open: questions }: AskedCard, limits: Limits): AdaptiveCard {
  const of = ({ elements, omitted }: Fitted): AdaptiveCard => ({
    ...frame(card),
    body: [
      line(undefined, runs(title, { weight: 'Bolder', size: 'Large' })),
      line(undefined, bold(card.heading)),
      line('Small', runs(card.state)),
      ...elements,
      ...(omitted.length === 0 ? [] : [leftOut(omitted, 'Open it.')]),
    ],
    actions: [
      ...questions
        .slice(0, MOST_ACTIONS - 1)
        .map((id) => opening(card, VERBS.answer, `Answer ${id.toString()}…`, id)),
      open(card),
    ],
  });
  const room = limits.teamsCardBytes - limits.teamsCardSpareBytes;
  const empty = of({ elements: [], omitted: card.sections });
  return of(fit(card, room - bytesOf(empty), limits));
}

/** Teams' own, of one card. */
const MOST_ACTIONS = 6;

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

function shell(card: Card, audience: Audience, fitted: Fitted): AdaptiveCard {
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
      ...(card.isOpen && audience.decides ? deciding(card, isWhole) : []),
      open(card),
    ],
  };
}

const banner = (text: string): Container => ({
  type: 'Container',
  style: 'warning',
  items: [line(undefined, bold(text))],
});

const CONSEQUENCE = 'It can’t be approved from here: open it.';

function leftOut(omitted: Fitted['omitted'], consequence = CONSEQUENCE): Container {
  const named = omitted
    .slice(0, 5)
    .map((each) => `${clip(each.title)} (${sizeOf(each).toString()} characters)`);
  const others = omitted.length > 5 ? ` and ${(omitted.length - 5).toString()} more` : '';
  return banner(`Too long to be shown here: ${named.join(', ')}${others}. ${consequence}`);
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
function deciding(card: Card, isWhole: boolean): readonly Action[] {
  const approve = execute(card, VERBS.approve, 'Approve exactly this', {
    style: 'positive',
    associatedInputs: 'none',
  });
  return [
    ...(isWhole && !card.needsPasskey ? [approve] : []),
    ...(card.needsPasskey ? [{ ...open(card), title: 'Sign with your passkey', url: card.signUrl }] : []),
    opening(card, VERBS.reject, 'Reject…'),
    opening(card, VERBS.ask, 'Ask…'),
  ];
}
