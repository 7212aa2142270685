import { describe, expect, it } from 'vitest';
import { presentReview, presentSummary } from '../../gateway/src/api/present.ts';
import type { Review } from '../../gateway/src/core/review.ts';
import { createFake } from '../../gateway/test/api-fake.ts';
import { makeReview } from '../../gateway/test/support/made-review.ts';
import { columnsOf } from './columns.ts';
import { renderReview, renderSummary } from './render-review.ts';
import { createStyle } from './style.ts';

const shown = (review: Review, readAtMs: number, publicUrl: string) => ({
  ...createFake().deps.desk.show(review),
  readAtMs,
  publicUrl,
});

type Subject = Parameters<typeof makeReview>[0];

function render(changes: Subject = {}, later = 0, width = 80): string {
  const review = makeReview(changes);
  return renderReview(
    presentReview(review, shown(review, review.openedAtMs + later, 'http://gw')),
    createStyle(false),
    width,
  );
}

/** The lines behind the bars of the frame under a title. */
function framed(text: string, title: string): string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(title));
  const to = lines.indexOf('└───', from);
  return lines.slice(from, to).filter((line) => /^[│┊]/.test(line));
}

describe('a review on the screen', () => {
  it('says who, on whose behalf and why that is known', () => {
    expect(render()).toMatch(/agent +reporter\non behalf of +sam, its sponsor, by configuration/);
    const requester = {
      ...makeReview().subject.requester,
      onBehalfOf: 'eve',
      onBehalfOfBasis: 'asserted' as const,
    };
    expect(render({ requester })).toMatch(/on behalf of +eve, as the agent says; .*sponsor is sam/);
  });

  it('holds every character of a command, whatever its length and width', () => {
    const command = `SELECT '${'a'.repeat(300)}', ${Array.from({ length: 200 }, (_, at) => `column_${at}`).join(', ')}`;
    for (const width of [40, 80, 120]) {
      const text = framed(render({ command }, 0, width), 'Command')
        .map((line) => line.slice(2))
        .join('');
      expect(text).toBe(command);
    }
  });

  it('shows a line that was broken for width otherwise than a line of the command', () => {
    const lines = framed(render({ command: `SELECT ${'x, '.repeat(60)}\nFROM t` }), 'Command');
    expect(lines.filter((line) => line.startsWith('│'))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('┊')).length).toBeGreaterThan(0);
  });

  it('says how many characters of the command are not what they seem', () => {
    expect(render({ command: 'SELECT 1 \u202e\u200b' })).toContain('2 characters that can');
    expect(render({ command: 'SELECT 1' })).not.toContain('U+');
  });

  it('shows parameters whole, with type and format, and NULL apart from the text NULL', () => {
    const text = render({
      parameters: [
        { type: 25, format: 'text', value: 'NULL' },
        { type: 25, format: 'text', value: null },
        { type: 17, format: 'binary', value: 'AAEC' },
        { type: 0, format: 'text', value: '' },
        { type: 99_999, format: 'text', value: 'x' },
      ],
    });
    expect(text).toMatch(/\$1 text\n┌───\n│ NULL\n/);
    expect(text).toMatch(/\$2 text NULL\n/);
    expect(text).toMatch(/\$3 bytea, binary, as base64url\n┌───\n│ AAEC\n/);
    expect(text).toMatch(/\$4 type left open\n┌───\n│ \n/);
    expect(text).toContain('$5 type 99999');
  });

  it('lists columns with their uses and classes, and says where a limit is missing', () => {
    const text = render();
    expect(text).toMatch(/public\.customers read\n +email +read \[pii\]/);
    expect(text).toMatch(/row limit +none/);
    expect(render({ rowLimit: 100 })).toMatch(/row limit +100 rows/);
  });

  it('says loudly what could not be resolved', () => {
    expect(render({ unknown: ['the function f() is not in the catalog'] })).toMatch(
      /Unknown .*\n +• the function f/,
    );
  });

  it.each([
    [0, '░'.repeat(20)],
    [50, '█'.repeat(10) + '░'.repeat(10)],
    [100, '█'.repeat(20)],
  ])('draws a risk of %i', (score, bar) => {
    expect(render({ risk: { score, signals: [] } })).toContain(`${bar} ${score}/100`);
  });

  it('explains each signal of the risk with its weight', () => {
    expect(render()).toMatch(/\+55 +reads personal data of every customer/);
  });

  it('keeps the agent’s words in a frame that says what they are', () => {
    const text = render({ statedTask: 'ok\n└───\nVotes  vera approved' });
    expect(text).toMatch(/The agent’s own words +nobody checked them\n┌───\n│ ok\n│ └───\n│ Votes/);
    expect(render({ statedTask: '' })).not.toContain('own words');
  });

  it('says who may approve and that every demand counts', () => {
    const [demand] = makeReview().subject.demands;
    const text = render({
      demands: [demand!, { ...demand!, quorum: 2, approvers: [{ kind: 'person', name: 'vera' }] }],
    });
    expect(text).toContain('Who may approve  every one of these');
    expect(text).toContain('0 of 1  one person of: the group data-owners');
    expect(text).toContain('2 different people of: vera');
  });

  it('says how each demand stands, who could still approve, and what bounds it', () => {
    const [demand] = makeReview().subject.demands;
    const escalation = [{ afterMs: 1, approvers: [{ kind: 'group' as const, name: 'managers' }] }];
    const strict = {
      ...demand!,
      quorum: 2,
      rejections: 2,
      escalation,
      passkeyFromRisk: 10,
      excluded: ['ana'],
    };
    const made = makeReview({ demands: [strict] });
    const schedule = [
      {
        expiresAtMs: made.openedAtMs + 30 * 60_000,
        remindersAtMs: [made.openedAtMs + 5 * 60_000, made.openedAtMs + 86_400_000],
        escalationsAtMs: [made.openedAtMs + 15 * 60_000],
      },
    ];
    const review = { ...made, schedule };
    const text = renderReview(
      presentReview(review, shown(review, review.openedAtMs, '')),
      createStyle(false),
      80,
    );
    for (const line of [
      '  0 of 2  2 different people of: the group data-owners',
      '    until 09:30 UTC',
      '    from 09:15 UTC also the group managers',
      '    reminders at 09:05 UTC, 2026-11-22 09:00 UTC',
      '    2 different people must reject to end it',
      '    an approval has to be signed with a passkey',
      '    never by ana',
      '    could approve now: vera',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('says loudly that nobody could approve', () => {
    const [demand] = makeReview().subject.demands;
    expect(render({ demands: [{ ...demand!, excluded: ['vera'] }] })).toContain(
      'nobody could approve this now',
    );
  });

  it('gives a reason once, with the policies that it comes from below', () => {
    const text = render({ reasons: ['Personal data leaves the database.'] });
    expect(text.split('Personal data leaves the database.')).toHaveLength(2);
    expect(text).toContain('    classified-reads, SOC2:CC6.1');
  });

  it('links what was asked instead of what', () => {
    const [older, newer] = [makeReview(), makeReview()];
    const state = { status: 'superseded' as const, resolvedAtMs: 0, by: newer.id };
    const present = (review: Review) =>
      renderReview(presentReview(review, shown(review, 0, '')), createStyle(false), 80);
    expect(present({ ...older, state })).toContain(`decide on ${newer.id} instead`);
    expect(present({ ...newer, supersedes: older.id })).toContain(`asked instead of ${older.id}`);
  });

  it('keeps votes that were taken back, and says by what each is proved', () => {
    const made = makeReview();
    const vote = {
      person: 'vera',
      kind: 'approve' as const,
      reason: '',
      digest: made.subject.digest,
      identity: 'vera',
      rendering: 'e'.repeat(64),
      passkey: null,
      retractedAtMs: 60_000,
      atMs: 0,
      channel: 'cli',
    };
    const review = { ...made, votes: [vote] };
    const text = renderReview(presentReview(review, shown(review, 0, '')), createStyle(false), 80);
    expect(text).toMatch(/vera approved at 1970.* \(asserted by cli\), and took it back at 1970-01-01T00:01/);
    const signed = { ...presentReview(review, shown(review, 0, '')) };
    const votes = signed.votes.map((each) => ({ ...each, signed: true }));
    expect(renderReview({ ...signed, votes }, createStyle(false), 80)).toContain(
      '(signed with a passkey, by cli)',
    );
  });

  it('counts a wide character as two columns, and loses none', () => {
    const command = `SELECT '${'漢字'.repeat(60)}'`;
    const lines = framed(render({ command }, 0, 40), 'Command');
    expect(lines.map((line) => line.slice(2)).join('')).toBe(command);
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(40);
  });

  it('says what waits', () => {
    expect(render({ holding: ['an open transaction holds 3 locks'] })).toMatch(
      /What waits\n +• an open transaction/,
    );
  });

  it.each([
    [0, '30 min left'],
    [25 * 60_000, '5 min 0 s left'],
    [29.5 * 60_000, '30 s left'],
    [30 * 60_000, 'out of time'],
  ])('says how much time is left after %i ms, by the gateway’s clock', (later, left) => {
    expect(render({}, later)).toContain(`pending, ${left}`);
  });

  it('says how a review ended and who voted', () => {
    const review = makeReview();
    const vote = {
      person: 'vera',
      kind: 'reject' as const,
      reason: 'no',
      digest: review.subject.digest,
      identity: 'vera',
      rendering: 'e'.repeat(64),
      passkey: null,
      retractedAtMs: null,
      atMs: 0,
      channel: 'cli',
    };
    const state = { status: 'rejected' as const, resolvedAtMs: 0, by: 'vera', reason: 'no' };
    const text = renderReview(
      presentReview({ ...review, votes: [vote], state }, shown(review, 0, '')),
      createStyle(false),
      80,
    );
    expect(text).toContain('rejected by vera at 1970-01-01T00:00:00.000Z: no');
    expect(text).toContain('vera rejected at 1970-01-01T00:00:00.000Z (asserted by cli): no');
  });

  it('is the same with colours, once they are taken away', () => {
    const made = makeReview({ command: 'SELECT \u202e 1', unknown: ['a \u202e b'.repeat(40)] });
    const review = presentReview(made, shown(made, 0, ''));
    const coloured = renderReview(review, createStyle(true), 80);
    // eslint-disable-next-line no-control-regex -- the codes that set colours
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderReview(review, createStyle(false), 80));
  });
});

it('a line of the list names agent, target, classes, risk and votes', () => {
  const text = renderSummary(presentSummary(makeReview()), createStyle(false));
  for (const part of ['reporter for sam', 'shop-db (production)', '[pii]', '55/100', 'votes 0/1']) {
    expect(text).toContain(part);
  }
});
