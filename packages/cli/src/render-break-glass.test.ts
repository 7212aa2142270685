import { describe, expect, it } from 'vitest';
import { presentPrepared, presentUse, presentUseSummary } from '../../gateway/src/api/present-break-glass.ts';
import type { BreakGlassUse } from '../../gateway/src/core/break-glass.ts';
import { openedUse, preparedUse } from '../../gateway/test/support/break-glass.ts';
import { digestOf } from './digest.ts';
import { glassWords, renderBreakGlass, renderUseSummary } from './render-break-glass.ts';
import { createStyle } from './style.ts';

const plain = createStyle(false);
const showing = { readAtMs: 9_000, publicUrl: 'http://gw', reviewers: ['kim'] };
const closing: BreakGlassUse['closing'] = {
  person: 'kim',
  identity: 'kim',
  finding: 'not_justified',
  text: 'Nobody was asked first.',
  channel: 'cli',
  atMs: 8_000,
};
const render = (use: BreakGlassUse): string => renderBreakGlass(presentUse(use, null, showing), plain, 80);
const summary = (use: BreakGlassUse): string => renderUseSummary(presentUseSummary(use), 3_602_000, plain);

describe('a use of break-glass on the screen', () => {
  it('is marked in a list, with who ran what, and how long nobody has looked', () => {
    expect(summary(openedUse())).toMatch(/^bgl_\w+ {2}BREAK-GLASS {2}not reviewed {2}1 h ago\n/);
    expect(summary(openedUse())).toContain(
      'service.restart on shop (production) by sam, approved by nobody, not performed',
    );
    expect(summary(openedUse({ closing }))).toContain('reviewed: not justified');
  });

  it('is whole: the call, the reason, who let it, who may review it, and what was found', () => {
    const open = render(openedUse());
    expect(open).toContain('in their own name, approved by nobody');
    expect(open).toContain('│ {"arguments":{},"operation":"service.restart"}');
    expect(open).toContain('The shop is down, and nobody else answers.');
    expect(open).toMatch(/may review +kim/);
    const closed = render(openedUse({ closing }));
    expect(closed).toMatch(/finding +not justified, by kim at 1970-01-01T00:00:08\.000Z/);
    expect(closed).toContain('Nobody was asked first.');
  });

  it('says of a prepared one that nothing runs', () => {
    const text = renderBreakGlass(presentPrepared(preparedUse(), showing), plain, 80);
    expect(text).toContain('nobody has signed it: nothing runs');
    expect(text).toMatch(/sign until +1970-01-01T00:10:01\.000Z/);
  });

  it('lets nothing that a person wrote reach the terminal unescaped', () => {
    const hostile = '\u001b[2J\u202enimda\u0007';
    const { subject } = openedUse();
    const text = render(
      openedUse({
        reason: hostile,
        closing: { ...closing, text: hostile },
        subject: {
          ...subject,
          title: hostile,
          declared: { ...subject.declared, command: hostile },
          datasets: [
            { dataset: hostile, access: ['read'], basis: 'declared', columns: [], classes: [hostile] },
          ],
        },
      }),
    );
    // eslint-disable-next-line no-control-regex -- that none of them is left is what is tested
    expect(text).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(text).toContain('⟨U+202E⟩');
  });

  it('is told of in one sentence', () => {
    const use = presentUseSummary(openedUse({ closing }));
    expect(glassWords('opened', use)).toBe(
      'BREAK-GLASS: sam broke glass for service.restart on shop (production).',
    );
    expect(glassWords('reminded', use)).toContain('not reviewed yet');
    expect(glassWords('closed', use)).toContain('not justified');
  });
});

it('another action than the one that is shown has another digest', () => {
  const use = presentUse(openedUse(), null, showing);
  expect(digestOf({ ...use, command: '{}' })).not.toBe(digestOf(use));
});
