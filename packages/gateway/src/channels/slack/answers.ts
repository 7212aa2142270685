/** What one person alone is told, in Slack's form. */
import type { Review } from '../../core/review.ts';
import { visible } from '../../core/visible.ts';
import type { Limits } from '../../limits.ts';
import { plain, rich, type Block } from './blocks.ts';
import type { Refused } from '../chat-deciding.ts';
import { ACTIONS } from './message.ts';
import { toldModal } from './modals.ts';
import { bullets, escapeMarkup, line, literal } from './rich-text.ts';
import type { Answered } from './web.ts';

/** Null: it is recorded. */
export function answerOf(refused: Refused | null): Answered {
  if (refused === null) return { text: 'Your decision is recorded.', replaces: false };
  const text = `Not counted. ${refused.message}`;
  const blocks: Block[] = [rich('told', line(literal(text)))];
  if (refused.kind === 'person' && refused.link !== null) {
    const button = {
      type: 'button',
      action_id: ACTIONS.link,
      text: plain('Say who I am'),
      url: refused.link,
    } as const;
    blocks.push({ type: 'actions', block_id: 'link', elements: [button] });
  }
  return { text: escapeMarkup(text), blocks, replaces: false };
}

/** In place of the modal: an error beside a field has no room for an address. */
export function linkAnswer(message: string, link: string): object {
  const view = toldModal(`${message} ${link}`);
  return { response_action: 'update', view: { ...view, title: plain('Not counted') } };
}

interface Listing {
  readonly limits: Limits;
  readonly publicUrl: string;
}

export function listed(reviews: readonly Review[], { limits, publicUrl }: Listing): Answered {
  if (reviews.length === 0) return { text: 'Nothing waits for a decision.', replaces: false };
  const shown = reviews.slice(0, limits.slackListed);
  const head = `${reviews.length > shown.length ? 'The newest ' : ''}${shown.length.toString()} that wait:`;
  const items = shown.map(({ id, subject }) => {
    const { title, target, requester, risk } = subject;
    const what = `${title} on ${target.name} (${target.environment}), ${requester.agent} for ${requester.onBehalfOf}`;
    return [...literal(id, { code: true }), ...literal(visible(` ${what}, risk ${risk.score.toString()}`))];
  });
  const foot = `/sallyport show rev_… shows one; all of them: ${publicUrl}/reviews`;
  const blocks = [rich('listed', line(literal(head)), bullets(items), line(literal(foot)))];
  return { text: escapeMarkup(head), blocks, replaces: false };
}
