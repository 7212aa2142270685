import { z } from 'zod';
import { situationRules } from '../core/situation.ts';

/** A file of cases beside the policies, `NAME.test.yaml`. docs/policy-tests.md describes it for people. */

const name = z.string().min(1).max(200);
const names = z.array(name).default([]);
const use = z.enum(['read', 'filtered', 'written']);

const relation = z.union([
  z.array(name),
  z.strictObject({ columns: z.array(name), key: names, view: z.string().optional() }),
]);

const functions = z.record(
  name,
  z.strictObject({
    volatility: z.enum(['immutable', 'stable', 'volatile']).default('volatile'),
    kind: z.enum(['function', 'procedure', 'aggregate']).default('function'),
  }),
);

const writtenSchema = z.strictObject({
  tables: z
    .record(z.string().regex(/^[^.]+\..+$/, 'a full name is expected: schema.table'), relation)
    .default({}),
  functions: functions.default({}),
});

/** What no statement is needed for: an action as a connector would describe it. */
const action = z.strictObject({
  operation: name,
  title: z.string().optional(),
  datasets: z
    .record(
      name,
      z.strictObject({
        access: z.array(z.enum(['read', 'write'])).min(1),
        columns: z.record(name, z.array(use).min(1)).default({}),
        basis: z.enum(['parsed', 'declared', 'unknown']).default('parsed'),
      }),
    )
    .default({}),
  functions: z.record(name, z.enum(['none', 'reads', 'effects'])).default({}),
  reach: z.enum(['none', 'transaction', 'outside']).default('none'),
  rowLimit: z.int().min(0).nullable().default(null),
  filtered: z.boolean().default(false),
  flags: names,
  unknown: z.boolean().default(false),
});

const testCase = z.strictObject({
  name,
  agent: name,
  target: name,
  /** For whom; default: the agent's sponsor. */
  onBehalfOf: name.optional(),
  sql: z.string().optional(),
  action: action.optional(),
  /** Signals of the moment that apply besides those of the action itself. */
  signals: z.array(z.enum(situationRules.map(({ name: known }) => known))).default([]),
  /** In whose hours it happens; the others of the configuration are closed. */
  calendars: names,
  expect: z.enum(['allow', 'deny', 'review']),
  /** Exactly these rules decided; absent: whichever. */
  rules: z.array(name).optional(),
  /** `2 of group:stewards`, all of them and no other; absent: whichever. */
  demands: z.array(name).optional(),
  /** A part of what the agent is told; absent: whatever. */
  reason: name.optional(),
});

export const caseFileSchema = z.strictObject({
  about: z.string().optional(),
  /**
   * The cases are about the rules of the file of the same name (`NAME.cedar`) alone, over a permit of everything: what
   * else is in the directory changes nothing about them.
   */
  alone: z.boolean().default(false),
  agents: z.record(name, z.strictObject({ groups: names, sponsor: name })).default({}),
  targets: z
    .record(name, z.strictObject({ environment: name, protocol: name.default('postgresql') }))
    .default({}),
  /** By target: dataset pattern → column pattern → classes. In place of the configuration's catalog for that target. */
  classes: z.record(name, z.record(name, z.record(name, names))).default({}),
  schema: z.record(name, writtenSchema).default({}),
  cases: z.array(testCase).default([]),
});

export type CaseFile = z.output<typeof caseFileSchema>;
export type TestCase = CaseFile['cases'][number];
export type WrittenTarget = CaseFile['schema'][string];
export type DescribedAction = z.output<typeof action>;
