import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpus, type CorpusStatement } from '../../test/support/corpus.ts';
import { requester } from '../../test/support/policy.ts';
import { Catalog, type CatalogEntry } from '../classify/catalog.ts';
import { assess } from '../core/assess.ts';
import { createPolicyEngine, type LoadedEngine } from './engine.ts';

const directory = new URL('../../policies/packs/', import.meta.url);
const target = { name: 'shop', protocol: 'postgresql', environment: 'production' };

const entry = (
  dataset: string,
  columns: Readonly<Record<string, string[]>>,
  classes: string[] = [],
): CatalogEntry => ({
  target: 'shop',
  dataset,
  classes,
  columns: Object.entries(columns).map(([pattern, of]) => ({ pattern, classes: of })),
});

const classes = [
  entry('public.customers', { email: ['pii'], full_name: ['pii'], phone: ['pii'] }),
  entry('public.employees', { email: ['pii'], full_name: ['pii'], salary_cents: ['confidential'] }),
  entry('public.payments', { card_number: ['pci'] }, ['business-critical']),
  entry('public.orders', {}, ['business-critical']),
  entry('evil.*', { secret: ['secret'] }),
];
const catalog = new Catalog(classes);

interface Expected {
  /** A statement whose text, without strings and comments, is like this has to be held or denied. */
  readonly holds: RegExp;
  /** Those that aren't, by their names in the corpus: each was looked at. */
  readonly except: readonly string[];
  /** Statements that the pack has to leave alone. */
  readonly lets: readonly string[];
}

/** Reads of what has no class, with a bound or without. */
const plainReads = [
  'bounds: VALUES',
  'bounds: rows without a table',
  'bounds: a whole table',
  'bounds: LIMIT',
];

/** Of packs that hold every change. */
const noChange: Expected = {
  holds:
    /\b(insert into|update|delete from|merge into|truncate|create|drop|alter|grant|revoke|call|refresh|reindex|vacuum|lock table)\b|^\s*do\b/i,
  except: [
    // Nothing is changed: preparing and planning. EXECUTE of what was prepared is held.
    'sessions: PREPARE',
    'texts: a prepared statement in the same text (1)',
    'texts: a semicolon in an identifier',
    'writes: EXPLAIN with ANALYZE off',
    'writes: EXPLAIN of a change',
  ],
  lets: [...plainReads, 'reads: COPY of all columns'],
};

const packs: Readonly<Record<string, Expected>> = {
  'production-databases': {
    holds:
      /^\s*(truncate|drop|alter|create|do|call|load|lock|vacuum|reindex|cluster)\b|^\s*(update|delete)\b(?!.*\bwhere\b)/is,
    except: [],
    lets: [
      ...plainReads,
      'bounds: UPDATE by key',
      'bounds: DELETE by keys',
      'writes: INSERT of listed columns',
    ],
  },
  'exports-and-exfiltration': {
    holds:
      /\bcopy\b.*\bto\b|\bdblink|\blo_\w+|\bpg_(read|ls)_|\bnotify\b|\bselect (\*|.*\bemail\b.*) from (public\.)?customers\s*$/i,
    except: [
      // One value; nothing classified that is read; a common table of the same name; a plan.
      'bounds: the most frequent value',
      'reads: a condition of an aggregate filters',
      'reads: DISTINCT ON',
      'reads: a common table hides a table of the same name',
      'reads: EXPLAIN reads nothing',
      // A definition and a privilege: matters of other packs.
      'definitions: CREATE RULE',
      'definitions: GRANT of a role',
    ],
    lets: [...plainReads, 'bounds: UPDATE by key', 'bounds: the primary key'],
  },
  'privileges-and-credentials': {
    holds:
      /\b(grant|revoke|load|authorization)\b|\b(role|user)\b|\bpg_(authid|shadow|user_mapping)\b|\bset_config\b|\bcreate (or replace )?(function|procedure|trigger|rule|policy|extension|server)\b|\bsecret\b/i,
    except: [],
    lets: [...plainReads, 'bounds: UPDATE by key', 'writes: INSERT of listed columns'],
  },
  'destructive-ddl': {
    holds: /\b(drop|truncate|alter)\b/i,
    except: [
      // The name of a column.
      'texts: a semicolon in an identifier',
    ],
    lets: [...plainReads, 'bounds: DELETE by keys'],
  },
  'change-freeze': noChange,
  'quiet-hours': noChange,
  'business-critical-tables': {
    holds:
      /\b(insert into|update|delete from|truncate|drop table|alter table|lock table|merge into|copy)\s+(table )?(only )?(public\.)?(orders|payments)\b/i,
    except: [
      // A read.
      'reads: COPY of all columns',
    ],
    lets: [...plainReads, 'bounds: UPDATE by key'],
  },
  'high-risk': {
    holds: /\b(drop|truncate|alter)\b|\bto program\b|^\s*(do|call)\b/i,
    except: [
      // The name of a column.
      'texts: a semicolon in an identifier',
    ],
    lets: [
      ...plainReads,
      'bounds: UPDATE by key',
      'bounds: DELETE by keys',
      'bounds: the primary key',
      'writes: INSERT of listed columns',
    ],
  },
  'read-only-analyst': {
    holds:
      /^\s*(?!(select|with|values|table|explain|show|begin|start|commit|end|rollback|abort|savepoint|release|set|reset|prepare|execute|deallocate|declare|fetch|move|close|discard)\b)\w|\b(insert into|update|delete from|truncate)\b|\b(email|card_number|salary_cents)\b/i,
    except: [
      // Tables of the same column names that the catalog gives no class.
      'bounds: inherited rows share no key',
      'bounds: only the parent has the key',
      'reads: a subquery that nobody reads from',
      'reads: inherited rows',
      'reads: ONLY the parent',
      'reads: the look-alike with a capital',
      'reads: the look-alike with a Cyrillic letter',
      // Nothing is read or changed: preparing and planning. EXECUTE of what was prepared is held.
      'gathered: EXECUTE whose limit is a number (1)',
      'gathered: EXECUTE whose limit is of a type that makes it another number (1)',
      'session-state: PREPARE with types and a comment',
      'sessions: PREPARE',
      'sessions: PREPARE of a read',
      'texts: a prepared statement in the same text (1)',
      'writes: EXPLAIN with ANALYZE off',
      'writes: EXPLAIN of a change',
    ],
    lets: [
      'bounds: VALUES',
      'bounds: rows without a table',
      'bounds: a whole table',
      'conditions: a filtered subquery',
    ],
  },
};

/** Comments and strings say nothing about what a statement does. */
const bare = (text: string): string =>
  text
    .replace(/--[^\n\r]*|\/\*.*?\*\//gs, ' ')
    .replace(/\$(\w*)\$.*?\$\1\$/gs, "''")
    .replace(/E'(?:[^'\\]|\\.|'')*'/gis, "''")
    .replace(/'(?:[^']|'')*'/gs, "''");

async function load(pack: string): Promise<LoadedEngine> {
  const folder = new URL(`${pack}/`, directory);
  const policies = readdirSync(folder)
    .filter((name) => name.endsWith('.cedar'))
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));
  const everything = {
    name: '00.cedar',
    text: '@id("everything") @reason("Everything but what the pack holds.") permit (principal is Agent, action, resource is Target);',
  };
  const loaded = await createPolicyEngine({ policies: [everything, ...policies], names: null });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

function effectOf(engine: LoadedEngine, { description }: CorpusStatement): string {
  const datasets = catalog.classify(target, description);
  const analyst = { ...requester, agentGroups: ['read-only-analysts'] };
  return engine.decide({
    requester: analyst,
    target,
    description,
    datasets,
    risk: assess(description, datasets, target),
  }).effect;
}

test('every pack has an expectation', () => {
  expect(readdirSync(directory).toSorted()).toEqual(Object.keys(packs).toSorted());
});

describe.each(Object.entries(packs))('%s', (pack, { holds, except, lets }) => {
  test('misses no statement of the corpus that it should hold', async () => {
    const engine = await load(pack);
    const missed = corpus.filter((each) => holds.test(bare(each.text)) && effectOf(engine, each) === 'allow');
    expect(missed.map(({ name }) => name).toSorted()).toEqual(except.toSorted());
  });

  test('leaves the rest alone', async () => {
    const engine = await load(pack);
    expect(lets.filter((name) => !corpus.some((each) => each.name === name))).toEqual([]);
    const held = corpus.filter((each) => lets.includes(each.name) && effectOf(engine, each) !== 'allow');
    expect(held.map(({ name }) => name)).toEqual([]);
  });
});
