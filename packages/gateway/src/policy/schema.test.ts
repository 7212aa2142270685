/** The published schema says what the gateway tells policies, no more and no less. */
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { describe, expect, test } from 'vitest';
import { corpus } from '../../test/support/corpus.ts';
import { description, request } from '../../test/support/policy.ts';
import { agent, person, review } from '../../test/support/subjects.ts';
import type { PolicyRequest } from '../ports.ts';
import { schemaToJson, type Question } from './cedar.ts';
import {
  actionQuestion,
  approvalQuestion,
  attribute,
  attributeNames,
  breakGlassQuestion,
  callQuestion,
} from './request.ts';
import { actions, schemaText } from './schema.ts';

/** What the engine has against a question by the schema: of its context, its entities and their attributes. */
function faultsOf(question: Question): readonly string[] {
  const answer = isAuthorized({
    ...question,
    policies: { staticPolicies: { all: 'permit (principal, action, resource);' } },
    schema: schemaText,
    validateRequest: true,
  });
  return answer.type === 'failure' ? answer.errors.map(({ message }) => message) : [];
}

const full: PolicyRequest = request({
  description: {
    ...description,
    rowLimit: 5,
    functions: [{ name: 'f', effect: 'reads' }],
    flags: ['locking'],
    unknown: ['x'],
  },
  datasets: [
    {
      dataset: 'public.customers',
      access: ['read', 'write'],
      basis: 'parsed',
      columns: [{ name: 'email', uses: ['read', 'filtered', 'written'], classes: ['pii'] }],
      classes: ['pii'],
      owners: ['group:owners'],
      compliance: ['GDPR'],
    },
  ],
  risk: { score: 40, signals: [{ name: 'taint', weight: 25, explanation: '' }] },
  estimatedRows: 7,
  calendars: ['office'],
});
const ofAgents = [...actions].filter((name) => /^(sql|call):/.test(name));

describe('the schema', () => {
  const answer = schemaToJson(schemaText);
  if (answer.type === 'failure') throw new Error('the schema is wrong');
  const { commonTypes, entityTypes } = answer.json[''] as unknown as {
    readonly commonTypes: { readonly Sql: { readonly attributes: Record<string, { required?: boolean }> } };
    readonly entityTypes: Record<string, { readonly shape?: { readonly attributes?: object } }>;
  };
  const declared = commonTypes.Sql.attributes;

  test('has every attribute of an action that the code makes, and no other', () => {
    expect(Object.keys(declared).toSorted()).toEqual([...attributeNames].toSorted());
  });

  test('calls optional what the code leaves out where there is nothing to say, and nothing else', () => {
    const absent = attributeNames.filter((name) => attribute(request(), name) === undefined);
    const optional = Object.keys(declared).filter((name) => declared[name]?.required === false);
    expect(absent.toSorted()).toEqual(optional.toSorted());
  });

  test('has groups of actions that policies name, and nobody asks for', () => {
    for (const group of [
      'sql',
      'data:read',
      'session',
      'call',
      'break_glass',
      'api',
      'api:read',
      'api:write',
    ])
      expect([group, actions.has(group)]).toEqual([group, false]);
  });

  test('has every operation of the statements in the corpus', () => {
    const operations = new Set(corpus.map((each) => each.description.operation));
    expect([...operations].filter((name) => !actions.has(name))).toEqual([]);
    expect(operations.size).toBeGreaterThan(10);
  });

  test.each(ofAgents)(
    'takes the question of an agent about %s, with all attributes and with the fewest',
    (name) => {
      for (const asked of [full, request()]) {
        const of = { ...asked, description: { ...asked.description, operation: name } };
        expect(faultsOf(actionQuestion(of, attributeNames))).toEqual([]);
      }
    },
  );

  test('takes the question of a person about a review', () => {
    const deciding = { calendars: ['office'], delegator: person('kim', ['stewards']) };
    expect(faultsOf(approvalQuestion(person('sam', ['stewards']), review(), deciding))).toEqual([]);
  });

  test.each(['break_glass:run', 'break_glass:review'] as const)('takes the question about %s', (action) => {
    expect(faultsOf(breakGlassQuestion(person('sam'), action, full))).toEqual([]);
  });

  test.each([...actions].filter((name) => name.startsWith('api:')))('takes a call of %s', (action) => {
    for (const principal of [agent, person('sam')])
      expect(faultsOf(callQuestion(principal, action))).toEqual([]);
  });

  test('refuses an attribute that it does not have, so that the tests above can fail', () => {
    const question = actionQuestion(full, attributeNames);
    expect(faultsOf({ ...question, context: { ...question.context, invented: true } })).not.toEqual([]);
    const [principal, ...rest] = question.entities;
    const strange = { ...principal, attrs: { name: 'reporter', sponsor: 'ana', invented: 'x' } };
    expect(faultsOf({ ...question, entities: [strange as never, ...rest] })).not.toEqual([]);
    expect(Object.keys(entityTypes).toSorted()).toEqual([
      'Agent',
      'Environment',
      'Gateway',
      'Group',
      'Person',
      'Review',
      'Target',
    ]);
  });
});
