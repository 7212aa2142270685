import type { PreviewFinding } from '../../../core/preview.ts';
import type { ReviewSubject } from '../../../core/review.ts';
import type { Fault } from './connection.ts';

/** A name of the catalog or of another session, which may hold anything: on one line, whatever it holds. */
export const oneLine = (name: string): string => name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '·');

export const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

const sentences: Readonly<Record<string, string>> = {
  timeout: 'It took longer than a preview may.',
  '57014': 'It took longer than a preview may.',
  '55P03': 'Another session holds a lock on what it touches, and the preview does not queue for it.',
  '42501': 'The gateway’s own role may not look at it.',
  unreachable: 'The target can’t be reached.',
  rejected: 'The target takes no further connection.',
};

/** In the gateway's words: the target's own quote values (law 8). */
export function explainFault(fault: Fault): string {
  const sentence = sentences[fault];
  if (sentence !== undefined) return sentence;
  return /^[0-9A-Z]{5}$/.test(fault)
    ? `The target refuses to look at it (SQLSTATE ${fault}).`
    : 'The target can’t be asked.';
}

export const unavailable = (title: string, text: string, kind = 'plan'): PreviewFinding => ({
  kind,
  title,
  text,
  basis: 'unavailable',
});

/** What a count of the gateway's own connection leaves out. */
export function blindSpots({
  holding,
  preconditions,
}: Pick<ReviewSubject, 'holding' | 'preconditions'>): string {
  const spots = ['Seen by a connection of the gateway, with the default settings of its role.'];
  if (holding.length > 0) {
    spots.push(
      'A transaction of the waiting session is open: what it has not committed can’t be seen from here.',
    );
  }
  const place = preconditions['statement'];
  if (place !== undefined)
    spots.push(`It is statement ${place} of one text: what those before it change can’t be seen from here.`);
  return spots.join('\n');
}
