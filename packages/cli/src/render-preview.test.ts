import { describe, expect, it } from 'vitest';
import { presentReview } from '../../gateway/src/api/present.ts';
import type { PreviewFinding } from '../../gateway/src/core/preview.ts';
import { createFake } from '../../gateway/test/api-fake.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import { renderReview } from './render-review.ts';
import { createStyle } from './style.ts';

function render(...findings: PreviewFinding[]): string {
  const review = { ...makeReview(), preview: findings.length === 0 ? null : { atMs: 0, findings } };
  const showing = { ...createFake().deps.desk.show(review), readAtMs: review.openedAtMs, publicUrl: '' };
  return renderReview(presentReview(review, showing), createStyle(false), 80);
}

const finding: PreviewFinding = {
  kind: 'count',
  title: 'Rows that its condition holds for',
  text: '124 rows.',
  basis: 'counted',
  rows: 124,
};

describe('the preview of a review on the screen', () => {
  it('stands after the data, with what it is, and how sure', () => {
    const text = render(finding, { ...finding, title: 'Locks', text: 'no answer', basis: 'unavailable' });
    expect(text).toMatch(
      /Preview +found out by the gateway at 1970-01-01T00:00:00\.000Z; nothing of it has run\n/,
    );
    expect(text).toMatch(
      /  Rows that its condition holds for  as the target has it\n  ┌───\n  │ 124 rows\.\n  └───/,
    );
    expect(text).toMatch(/  Locks  not known\n  ┌───\n  │ no answer\n/);
    expect(text.indexOf('Preview')).toBeGreaterThan(text.indexOf('Data '));
    expect(text.indexOf('Preview')).toBeLessThan(text.indexOf('Risk '));
  });

  it('is left out where there is none', () => {
    expect(render()).not.toContain('Preview');
  });

  it('names in it can’t leave their frame or hide', () => {
    const text = render({ ...finding, text: 'It takes a lock on a\n└───\nVotes  vera approved\u202e' });
    expect(text).toContain('│ └───');
    expect(text).toContain('│ Votes  vera approved⟨U+202E⟩');
  });
});
