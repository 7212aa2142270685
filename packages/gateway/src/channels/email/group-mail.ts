import type { GroupCard } from '../../core/group-card.ts';
import { escapeHtml, FOOTER, line, type Message } from './message.ts';

/** A mail that tells of many reviews: how many of what, and where they are listed. Nothing of any action. */
export function groupMail(card: GroupCard): Message {
  const told = [card.heading, ...(card.call === null ? [card.state] : [card.call, card.state])];
  const rows = card.sections.flatMap((section) => {
    const items =
      section.kind === 'facts' ? section.facts.map(({ label, value }) => `${label}: ${value}`) : [];
    return [section.title, ...(section.kind === 'list' ? section.items : items).map((item) => `- ${item}`)];
  });
  const paragraphs = [...told, ...rows, `Read and decide at ${card.url}`, FOOTER].map((each) =>
    line(each, 1_000),
  );
  return {
    subject: line(card.heading),
    text: `${paragraphs.join('\n')}\n`,
    html: `<!doctype html><html><body>${paragraphs.map((each) => `<p>${escapeHtml(each)}</p>`).join('')}</body></html>`,
  };
}
