import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { bans } from '../eslint.config.js';
import { disableNeedsReason, restriction } from './eslint-rules.js';

/** For each ban what it reports and what it leaves alone: a selector that matches nothing looks like clean code. */
const cases = {
  clock: {
    reports: ['Date.now()', 'new Date()', 'Date()', 'performance.now()', 'process.hrtime.bigint()'],
    leaves: ['new Date(0)', 'Date.parse(text)', 'clock.now()'],
  },
  randomness: {
    reports: [
      'Math.random()',
      'crypto.randomUUID()',
      'globalThis.crypto.getRandomValues(bytes)',
      'import { randomBytes } from "node:crypto"',
    ],
    leaves: ['random.bytes(16)', 'import { createHash } from "node:crypto"'],
  },
  environment: {
    reports: ['process.env.HOME', 'process.env["HOME"]', 'import { env } from "node:process"'],
    leaves: ['process.argv', 'config.env'],
  },
  output: {
    reports: ['console.log(1)', 'process.stdout.write("x")', 'process.stderr.write("x")'],
    leaves: ['logger.info("x")', 'process.exit(1)'],
  },
  serialisation: { reports: ['JSON.stringify(entry)'], leaves: ['JSON.parse(text)', 'canonical(entry)'] },
  'secret-comparison': {
    reports: [
      'token === given',
      'given !== session.accessToken',
      'row.password == password',
      'a.mac !== b',
      'client_secret === x',
      'stored.proofs === x',
    ],
    leaves: [
      'token === undefined',
      'undefined !== token',
      'typeof token === "string"',
      'token === "none"',
      'token === null',
      'tokenCount === 3',
      'machine === other',
    ],
  },
  'sql-by-concatenation': {
    reports: [
      '`SELECT * FROM t WHERE id = ${id}`',
      '"DELETE FROM t WHERE id = " + id',
      '`INSERT INTO ${table}`',
    ],
    leaves: ['`SELECT 1`', '`Selected ${count}`', '"DELETE FROM t WHERE id = $1"'],
  },
};

function reportsOf(rule, code) {
  const config = {
    plugins: { local: { rules: { rule } } },
    rules: { 'local/rule': 'error' },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
  };
  return new Linter().verify(code, config).map((message) => message.message);
}

describe.each(bans)('the ban on $name', ({ name, selectors, message }) => {
  it.each(cases[name].reports)('reports %s', (code) => {
    expect(reportsOf(restriction(selectors, message), code)).toContain(message);
  });

  it.each(cases[name].leaves)('leaves %s alone', (code) => {
    expect(reportsOf(restriction(selectors, message), code)).toEqual([]);
  });
});

describe('an exception to a rule', () => {
  it('is refused without its reason', () => {
    expect(reportsOf(disableNeedsReason, '// eslint-disable-next-line eqeqeq\na == b')).toHaveLength(1);
  });

  it('stands with its reason', () => {
    expect(reportsOf(disableNeedsReason, '// eslint-disable-next-line eqeqeq -- null too\na == b')).toEqual(
      [],
    );
  });
});
