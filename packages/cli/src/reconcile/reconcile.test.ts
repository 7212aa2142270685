import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvReader } from './csv.ts';
import { isBlank } from './blank.ts';
import { LedgerSide } from './ledger-side.ts';
import type { LoggedValues } from './parameters.ts';
import { LogTimes, recordOf, type LogRecord } from './postgres-log.ts';
import { Reconciler } from './reconcile.ts';
import type { ReconcileReport } from './report.ts';

const startMs = Date.parse('2026-11-21T09:00:00Z');
const minuteMs = 60_000;
const noScope = { user: null, database: null };

interface Said {
  readonly session: number;
  readonly text: string;
}

const sessionId = (number: number): string => `ses_${String(number).padStart(26, '0')}`;

/** A ledger with these actions, a second apart, in the middle of a longer time. */
function ledgerOf(saids: readonly Said[], status = 'succeeded'): LedgerSide {
  const ledger = new LedgerSide('shop');
  const at = (index: number): number => startMs + minuteMs + index * 1_000;
  saids.forEach(({ session }, index) => {
    const action = `act_${index}`;
    const attempt = {
      decision: { effect: 'allow', policies: [] },
      requester: { agent: 'a', onBehalfOf: 'b', session: sessionId(session), parties: [] },
      target: { name: 'shop', environment: 'e', protocol: 'postgresql' },
    };
    const base = { action, at: at(index), version: 1 };
    ledger.observe(2 * index, leaf({ ...base, ...attempt, kind: 'intent', operation: 'sql:select' }));
    const outcome = { status, rows: 0, bytes: 0, durationMs: 1, code: '' };
    ledger.observe(2 * index + 1, leaf({ ...base, kind: 'outcome', outcome }));
  });
  [...ledger.all()].forEach((sent, index) => (sent.text = saids[index]?.text ?? null));
  ledger.endMs = startMs + 60 * minuteMs;
  return ledger;
}

/** These samples need nothing of canonical JSON but the order of its members. */
const leaf = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

class Log {
  readonly records: LogRecord[] = [];
  readonly #lines = new Map<string, number>();

  constructor() {
    this.add('1.0', 'other', startMs, { kind: 'other' });
  }

  add(
    session: string,
    applicationName: string,
    atMs: number,
    event: LogRecord['event'],
    host = '10.0.0.1',
  ): void {
    const sessionLine = (this.#lines.get(session) ?? 0) + 1;
    this.#lines.set(session, sessionLine);
    const line = this.records.length + 1;
    const place = { file: 'log.csv', line, user: 'gateway', database: 'shop', host };
    this.records.push({ ...place, atMs, session, sessionLine, applicationName, event });
  }

  say(saids: readonly Said[]): this {
    saids.forEach(({ session, text }, index) =>
      this.add(
        `a.${session}`,
        `sallyport/${sessionId(session)} psql`,
        startMs + minuteMs + index * 1_000,
        said(text),
      ),
    );
    return this;
  }

  compare(ledger: LedgerSide): ReconcileReport {
    this.add('1.0', 'other', startMs + 50 * minuteMs, { kind: 'other' });
    const reconciler = new Reconciler(ledger, noScope);
    for (const record of this.records) reconciler.observe(record);
    return reconciler.end();
  }
}

const said = (text: string, parameters: LoggedValues | null = null): LogRecord['event'] => ({
  ...{ kind: 'statement', texts: [text], isContinued: false, parameters },
});

const text = fc.constantFrom('SELECT 1', 'SELECT 2', 'SELECT 1;', ' SELECT 22', 'BEGIN');
const saids = fc.array(fc.record({ session: fc.nat(2), text }), { minLength: 1, maxLength: 20 });

describe('a ledger and a log', () => {
  it('that say the same agree, whatever is repeated and however sessions interleave', () => {
    fc.assert(
      fc.property(saids, (all) => {
        const report = new Log().say(all).compare(ledgerOf(all));
        expect(report).toMatchObject({ ok: true, matched: all.length, undecided: 0 });
      }),
    );
  });

  it('agree where a message of several statements is one record of the log and an action for each', () => {
    const parts = ['SELECT 1;', ' SELECT 1;'];
    const all = parts.map((part) => ({ session: 1, text: part }));
    const log = new Log();
    log.add('a.1', `sallyport/${sessionId(1)}`, startMs + minuteMs, said(`${parts.join('')} -- done`));
    expect(log.compare(ledgerOf(all))).toMatchObject({ ok: true, matched: 2 });
  });

  it('do not agree where a statement is in one of them only, and nothing else is blamed', () => {
    fc.assert(
      fc.property(saids, fc.nat(), (all, which) => {
        const without = all.filter((_, at) => at !== which % all.length);
        const more = new Log().say(all).compare(ledgerOf(without));
        expect(more.ok).toBe(false);
        expect([more.direct.length, more.missing.length]).toEqual([1, 0]);
        const less = new Log().say(without).compare(ledgerOf(all));
        expect([less.direct.length, less.missing.length, less.differing.length]).toEqual([0, 1, 0]);
      }),
    );
  });

  it('do not agree where a text differs: it is told as one finding', () => {
    const report = new Log()
      .say([{ session: 1, text: 'SELECT 3' }])
      .compare(ledgerOf([{ session: 1, text: 'SELECT 4' }]));
    expect(report).toMatchObject({ ok: false, direct: [], missing: [], differing: [{ what: 'text' }] });
  });

  it('do not agree where the ledger says succeeded and the target an error', () => {
    const all = [{ session: 1, text: 'SELECT 1/0' }];
    const log = new Log().say(all);
    log.add('a.1', 'renamed', startMs + 2 * minuteMs, {
      kind: 'error',
      sqlState: '22012',
      text: 'SELECT 1/0',
    });
    expect(log.compare(ledgerOf(all))).toMatchObject({
      ok: false,
      differing: [{ what: 'outcome', sqlState: '22012' }],
    });
  });

  it('agree about what was refused before it was sent, and leave open what nobody knows', () => {
    const all = [{ session: 1, text: 'SELECT 1' }];
    expect(new Log().compare(ledgerOf(all, 'refused'))).toMatchObject({ ok: true, notSent: 1 });
    expect(new Log().compare(ledgerOf(all, 'unknown'))).toMatchObject({ ok: true, undecided: 1 });
  });

  it('are compared by count where the text is erased, so that one statement too many shows', () => {
    const all = [{ session: 1, text: 'SELECT 1' }];
    const ledger = ledgerOf(all);
    for (const sent of ledger.all()) sent.text = null;
    expect(new Log().say(all).compare(ledger)).toMatchObject({ ok: true, matchedByCount: 1 });
    expect(new Log().say([...all, ...all]).compare(ledger)).toMatchObject({
      ok: false,
      direct: [{ reason: 'no_action' }],
    });
  });

  it('do not agree where somebody from another host goes by the name of the gateway’s own connections', () => {
    const all = [{ session: 1, text: 'SELECT 1' }];
    const log = new Log().say(all);
    log.add('b.1', 'sallyport-catalog', startMs + minuteMs, said('SELECT oid'));
    expect(log.compare(ledgerOf(all))).toMatchObject({ ok: true, own: { catalog: 1 } });
    log.add('b.2', 'sallyport-catalog', startMs + minuteMs, said('SELECT email'), '10.0.0.66');
    expect(log.compare(ledgerOf(all))).toMatchObject({ ok: false, direct: [{ reason: 'other_host' }] });
  });
});

describe('a record', () => {
  const row = (message: string, severity = 'LOG', time = '2026-11-21 10:00:00.123 CET'): string[] => {
    const fields = Array.from({ length: 26 }, () => '');
    const set = { 0: time, 1: 'u', 2: 'd', 4: '10.0.0.1:4711', 5: '6920251c.2a', 6: '1' };
    for (const [at, value] of Object.entries(set)) fields[Number(at)] = value;
    // 0x6920251c is 2025-11-21 08:38:52 UTC.
    [fields[8], fields[11], fields[13]] = ['2025-11-21 09:38:52 CET', severity, message];
    return fields;
  };
  const read = (fields: readonly string[]): LogRecord => recordOf('x', { line: 7, fields }, new LogTimes());

  it('has its time in any zone, learnt from the start of its session', () => {
    expect(new Date(read(row('x')).atMs).toISOString()).toBe('2026-11-21T09:00:00.123Z');
  });

  it.each([
    ['statement: SELECT 1: 2', ['SELECT 1: 2'], false],
    ['execute <unnamed>: SELECT 1', ['SELECT 1'], false],
    ['execute s/c: SELECT 1', ['SELECT 1'], false],
    ['execute fetch from s/c: SELECT 1', ['SELECT 1'], true],
    ['execute a: b: SELECT 1', ['b: SELECT 1', 'SELECT 1'], false],
    ['duration: 1.2 ms  statement: SELECT 1', ['SELECT 1'], false],
    [
      'fastpath function call: "lo_unlink" (OID 964)',
      ['fastpath function call: "lo_unlink" (OID 964)'],
      false,
    ],
  ])('of %j is that of a statement', (message, texts, isContinued) => {
    expect(read(row(message)).event).toEqual({ kind: 'statement', texts, isContinued, parameters: null });
  });

  it.each([
    'duration: 1.2 ms',
    'checkpoint starting: time',
    'executed',
    'duration: 1.2 ms  bind s: SELECT 1',
  ])('of %j is none of a statement', (message) =>
    expect(read(row(message)).event).toEqual({ kind: 'other' }),
  );

  it.each([
    [row('x').slice(1), /25 columns/],
    [row('x').with(5, 'nonsense'), /no session/],
    [row('x').with(6, '0'), /no session/],
    [row('x').with(0, 'yesterday'), /no time/],
  ])('that is not PostgreSQL’s is refused', (fields, words) => {
    expect(() => read(fields)).toThrow(words);
  });

  it('of any bytes is read or refused, and never anything else', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('1', '6920251c.2a', 'LOG', '2026-11-21 10:00:00 UTC'),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 26, maxLength: 26 }), (fields) => {
        try {
          expect(read(fields).sessionLine).toBeGreaterThan(0);
        } catch (error) {
          expect(String(error)).toMatch(/^CsvError/);
        }
      }),
    );
    expect(new CsvReader().push('')).toEqual([]);
  });
});

describe('bound values', () => {
  const asked = (value: string) => ({ format: 'text', type: 23, value });
  const compare = (bound: readonly string[], logged: readonly (LoggedValues | null)[]): ReconcileReport => {
    const all = bound.map(() => ({ session: 1, text: 'SELECT $1' }));
    const ledger = ledgerOf(all);
    [...ledger.all()].forEach((sent, index) => (sent.parameters = [asked(bound[index] ?? '')]));
    const log = new Log();
    logged.forEach((values, index) => {
      const atMs = startMs + minuteMs + index * 1_000;
      log.add('a.1', `sallyport/${sessionId(1)}`, atMs, said('SELECT $1', values));
    });
    return log.compare(ledger);
  };

  it('are found in any order, since portals run in any', () => {
    const report = compare(['1', '2', '3'], [['3'], ['1'], ['2']]);
    expect(report).toMatchObject({ ok: true, matched: 3, valuesCompared: 3, valuesUnclear: 0 });
  });

  it('other than the ledger has are told, with their place in the log', () => {
    const report = compare(['1', '2'], [['1'], ['9']]);
    expect(report).toMatchObject({ ok: false, matched: 2, valuesCompared: 1 });
    expect(report.differing).toMatchObject([
      { what: 'parameters', action: 'act_1', logged: { file: 'log.csv', line: 3 }, sqlState: null },
    ]);
  });

  it('that the log lacks are counted, and blame nobody', () => {
    expect(compare(['1', '2'], [['1'], null])).toMatchObject({
      ok: true,
      valuesCompared: 1,
      valuesUnclear: 1,
    });
  });
});

it.each([
  ['', true],
  [' ;\n; ', true],
  ['-- only words', true],
  ['-- words\nSELECT 1', false],
  ['/* a /* nested */ one */ ;', true],
  ['/* a /* nested */ SELECT 1', false],
  ['/**/SELECT 1', false],
])('%j holds no statement: %j', (sql, blank) => expect(isBlank(sql)).toBe(blank));
