import { expect, it } from 'vitest';
import { createLog } from './log.ts';

function logged(level: 'debug' | 'info' = 'debug') {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line) => void lines.push(line) } });
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

it('each line is one JSON object with the name of its event and a level in words', () => {
  const { log, entries } = logged();
  log.reviewResolved({ review: 'rev_1', agent: 'reporter', target: 'shop-db', status: 'approved' });
  expect(entries()).toMatchObject([{ level: 'info', event: 'review.resolved', status: 'approved' }]);
});

it('of an error come its name, code and place, and never its message', () => {
  const { log, entries, lines } = logged();
  const secret = "duplicate key value (email)=('ada@example.org')\n    at ada@example.org:1:1";
  log.failed({ where: 'api', error: Object.assign(new TypeError(secret), { code: '23505' }) });
  expect(entries()).toMatchObject([{ where: 'api', error: { name: 'TypeError', code: '23505' } }]);
  expect(lines.join('')).toContain('log.test.ts');
  expect(lines.join('')).not.toContain('ada@example.org');
});

it('what is thrown without being an error is named by its type', () => {
  const { log, entries, lines } = logged();
  log.ledgerFailed({ error: 'password=hunter2' });
  expect(entries()).toMatchObject([{ event: 'ledger.failed', error: { name: 'string' } }]);
  expect(lines.join('')).not.toContain('hunter2');
});

it('says nothing below its level', () => {
  const { log, lines } = logged('info');
  log.checkpointPublished({ size: 1 });
  expect(lines).toEqual([]);
});
