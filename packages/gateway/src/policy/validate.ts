import { err, ok, type Result } from '../core/result.ts';
import { limits } from '../limits.ts';
import { calendarsIn } from './analysis/literals.ts';
import type { KnownNames } from './annotation-values.ts';
import { readRule, type Rule } from './annotations.ts';
import { getValidRequestEnvsPolicy, policyToJson, validate, type PolicyJson } from './cedar.ts';
import { problemAt, problemOfEngine, type Place } from './place.ts';
import type { PolicyProblem } from './problems.ts';
import { readsOf, type Reads } from './reads.ts';
import { schemaText } from './schema.ts';
import { positionAt, splitPolicies, type PolicySource } from './source.ts';

/** A policy that passed every check. Plain data, so that it can leave the worker that checked it. */
export interface CheckedPolicy extends Rule {
  readonly text: string;
  /** The policy as data, for those who ask what it could match. */
  readonly json: PolicyJson;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly reads: Reads;
  /** Whether it can match an agent's action on a target; others are about the API and about reviews. */
  readonly coversActions: boolean;
}

type Checked<T> = Result<T, readonly PolicyProblem[]>;

const uidsIn = /^(Group|Person|Agent|Target)$/;
const WHERE_NAMES_COME_FROM = {
  Group: 'groups',
  Person: 'people',
  Agent: 'agents',
  Target: 'targets',
} as const;

function checkSize(place: Place): Checked<null> {
  const { nesting, operators } = place.piece;
  if (nesting <= limits.policyNesting && operators <= limits.policyOperators) return ok(null);
  const message = `the policy has ${nesting} levels of brackets and ${operators} operators; at most ${limits.policyNesting} and ${limits.policyOperators} are taken`;
  return err([
    problemAt(place, '', {
      code: 'policy.too_deep',
      message,
      hint: 'split it into several policies, or use sets and containsAny',
    }),
  ]);
}

function parse(place: Place): Checked<PolicyJson> {
  const answer = policyToJson(place.piece.text);
  if (answer.type === 'success') return ok(answer.json);
  return err(answer.errors.map((error) => problemOfEngine(place, 'policy.syntax', error)));
}

/** One place gives one problem, though the engine says it for each action that the policy covers. */
function onePerPlace(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const places = new Map(
    problems.toReversed().map((problem) => [`${problem.line}:${problem.column}`, problem]),
  );
  return problems.filter((problem) => places.get(`${problem.line}:${problem.column}`) === problem);
}

/** Strict validation. A warning (a condition that can never hold) is a problem too: the rule would be dead. */
function checkAgainstSchema(place: Place): readonly PolicyProblem[] {
  const answer = validate({ schema: schemaText, policies: { staticPolicies: { policy: place.piece.text } } });
  if (answer.type === 'failure')
    return answer.errors.map((error) => problemOfEngine(place, 'policy.schema', error));
  const { validationErrors, validationWarnings } = answer;
  const found = validationErrors.length > 0 ? validationErrors : validationWarnings;
  return onePerPlace(found.map(({ error }) => problemOfEngine(place, 'policy.schema', error)));
}

/**
 * Whether the validator has nothing to say about any of these. It reads the schema at each call, which is most of its
 * work; where it has something to say it is asked of each policy by itself, for the place.
 */
function passWhole(places: readonly Place[]): boolean {
  if (!places.every((place) => checkSize(place).ok)) return false;
  const staticPolicies = Object.fromEntries(places.map(({ piece }, at) => [`p${at}`, piece.text]));
  const answer = validate({ schema: schemaText, policies: { staticPolicies } });
  return (
    answer.type === 'success' &&
    answer.validationErrors.length === 0 &&
    answer.validationWarnings.length === 0
  );
}

/** Actions for which the policy could match, by the types of its scope and conditions: `Action::"sql:select"`. */
function actionsOf(place: Place): readonly string[] {
  const answer = getValidRequestEnvsPolicy(place.piece.text, schemaText);
  return answer.type === 'success' ? answer.actions : [];
}

const isAboutPeople = (action: string): boolean => /"(api|review|break_glass):/.test(action);

/** A review makes an agent's action wait; an API call or a vote can't wait, so a review over them would do nothing. */
function checkReviewScope(place: Place, rule: Rule, actions: readonly string[]): readonly PolicyProblem[] {
  const outside = rule.kind === 'review' ? actions.filter(isAboutPeople) : [];
  if (outside.length === 0) return [];
  const message = `@review covers ${outside.join(', ')}, which no person is asked about`;
  const hint = 'limit the policy, e.g. principal is Agent, action in Action::"sql"';
  return [problemAt(place, rule.id, { code: 'policy.review_scope', message, hint })];
}

function* entitiesIn(value: unknown): Generator<{ readonly type: string; readonly id: string }> {
  if (typeof value !== 'object' || value === null) return;
  const { type, id } = value as { type?: unknown; id?: unknown };
  if (typeof type === 'string' && typeof id === 'string') yield { type, id };
  for (const each of Object.values(value)) yield* entitiesIn(each);
}

/** A policy about a group that nobody can be in never matches, and nobody would notice. */
function checkNames(place: Place, json: PolicyJson, names: KnownNames | null): readonly PolicyProblem[] {
  if (names === null) return [];
  const { annotations, ...body } = json;
  const policy = annotations?.['id'] ?? '';
  return [...unknownEntities(place, policy, body, names), ...unknownCalendars(place, policy, json, names)];
}

/** A freeze of a calendar that isn't there would never begin. */
function unknownCalendars(
  place: Place,
  policy: string,
  json: PolicyJson,
  { calendars }: KnownNames,
): readonly PolicyProblem[] {
  const unknown = calendarsIn(json).filter((name) => !calendars.includes(name));
  return unknown.map((word) =>
    problemAt(place, policy, {
      code: 'policy.unknown_name',
      message: `the calendar ${JSON.stringify(word)} is not in the configuration`,
      hint: 'correct the name, or add it to calendars in the configuration',
      suspect: { word, candidates: calendars },
    }),
  );
}

function unknownEntities(
  place: Place,
  policy: string,
  body: unknown,
  names: KnownNames,
): readonly PolicyProblem[] {
  return [...entitiesIn(body)].flatMap(({ type, id }) => {
    if (!uidsIn.test(type)) return [];
    const known = names[WHERE_NAMES_COME_FROM[type as keyof typeof WHERE_NAMES_COME_FROM]];
    if (known.includes(id)) return [];
    const message = `${type}::${JSON.stringify(id)} is not in the configuration`;
    return [
      problemAt(place, policy, {
        code: 'policy.unknown_name',
        message,
        hint: 'correct the name, or add it to the configuration',
        suspect: { word: id, candidates: known },
      }),
    ];
  });
}

function checkPolicy(
  place: Place,
  { names, passed }: { readonly names: KnownNames | null; readonly passed: boolean },
): Checked<CheckedPolicy> {
  const size = checkSize(place);
  if (!size.ok) return size;
  const parsed = parse(place);
  if (!parsed.ok) return parsed;
  const rule = readRule(parsed.value, names);
  const id = parsed.value.annotations?.['id'] ?? '';
  const actions = actionsOf(place);
  const problems = [
    ...(rule.ok ? [] : rule.error.map((complaint) => problemAt(place, id, complaint))),
    ...(passed ? [] : checkAgainstSchema(place)),
    ...checkNames(place, parsed.value, names),
    ...(rule.ok ? checkReviewScope(place, rule.value, actions) : []),
  ].map((problem) => ({ ...problem, policy: id }));
  if (!rule.ok || problems.length > 0) return err(problems);
  const coversActions = actions.length === 0 || !actions.every(isAboutPeople);
  return ok({
    ...rule.value,
    text: place.piece.text,
    json: parsed.value,
    file: place.source.name,
    ...positionAt(place.source.text, place.piece.offset),
    reads: readsOf(parsed.value),
    coversActions,
  });
}

function placesOf(source: PolicySource): Checked<readonly Place[]> {
  if (Buffer.byteLength(source.text) <= limits.policyFileBytes) {
    return ok(splitPolicies(source.text).map((piece) => ({ source, piece })));
  }
  const message = `the file has more than ${limits.policyFileBytes} bytes`;
  return err([
    {
      code: 'policy.too_large',
      file: source.name,
      line: 1,
      column: 1,
      policy: '',
      message,
      hint: 'split it into several files',
    },
  ]);
}

function duplicates(
  found: readonly { readonly place: Place; readonly policy: CheckedPolicy }[],
): readonly PolicyProblem[] {
  const first = new Map<string, Place>();
  return found.flatMap(({ place, policy }) => {
    const earlier = first.get(policy.id);
    if (earlier === undefined) {
      first.set(policy.id, place);
      return [];
    }
    const { line } = positionAt(earlier.source.text, earlier.piece.offset);
    const message = `another policy has this @id: ${earlier.source.name}:${line}`;
    return [
      problemAt(place, policy.id, {
        code: 'policy.id_duplicate',
        message,
        hint: 'give each policy an @id of its own',
        suspect: { word: policy.id, candidates: [], annotation: 'id' },
      }),
    ];
  });
}

const NO_POLICIES: PolicyProblem = {
  code: 'policy.none',
  file: 'policies',
  line: 1,
  column: 1,
  policy: '',
  message: 'there is no policy, so that everything would be denied',
  hint: 'put at least one *.cedar file with a permit into the policy directory',
};

/**
 * Every check of policies, all problems at once. Runs the engine on text that nobody has checked: call it in the
 * worker (validate-in-worker.ts), never in the gateway's own thread.
 *
 * @param names null: names of groups, people, agents and targets are not checked.
 */
export function checkPolicies(
  sources: readonly PolicySource[],
  names: KnownNames | null,
): Checked<readonly CheckedPolicy[]> {
  const problems: PolicyProblem[] = [];
  const found: { place: Place; policy: CheckedPolicy }[] = [];
  const placed = sources.map(placesOf);
  const places = placed.flatMap((each) => (each.ok ? each.value : []));
  problems.push(...placed.flatMap((each) => (each.ok ? [] : each.error)));
  const passed = passWhole(places);
  for (const place of places) {
    const checked = checkPolicy(place, { names, passed });
    if (checked.ok) found.push({ place, policy: checked.value });
    else problems.push(...checked.error);
  }
  problems.push(...duplicates(found));
  if (problems.length === 0 && found.length === 0) problems.push(NO_POLICIES);
  return problems.length > 0 ? err(problems) : ok(found.map(({ policy }) => policy));
}
