// What a decision costs: from the memo, and past it against the engine's own call on the same questions.
import type { Description } from '../packages/gateway/src/core/describe.ts';
import type { DatasetUsage } from '../packages/gateway/src/core/usage.ts';
import { preparsePolicySet, statefulIsAuthorized } from '../packages/gateway/src/policy/cedar.ts';
import { createPolicyEngine, type LoadedEngine } from '../packages/gateway/src/policy/engine.ts';
import { actionQuestion, attributeNames } from '../packages/gateway/src/policy/request.ts';
import { mergeReads } from '../packages/gateway/src/policy/reads.ts';
import type { PolicyRequest } from '../packages/gateway/src/ports.ts';
import { assess } from '../packages/gateway/src/core/assess.ts';
import { atMost, information, median, type BenchOptions, type Figure } from './figures.ts';

const ROUNDS = 5;
const target = { name: 'shop', protocol: 'postgresql', environment: 'production' };
const CLASSES = ['pii', 'pci', 'secret', 'internal', 'confidential'];
const OPERATIONS = ['sql:select', 'sql:update', 'sql:delete', 'sql:insert', 'sql:ddl'];
const FLAGS = ['locking', 'hiddenEffects', 'setSearchPath', 'collectsRows'];

/** The same numbers in each run: figures of two runs are of the same questions. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** One permit, and rules that read different attributes and mostly don't match. */
function policiesOf(count: number): string {
  const rules = Array.from({ length: count - 1 }, (_, at) => {
    const name = CLASSES[at % CLASSES.length] ?? '';
    const head = `@id("rule-${at.toString()}") @reason("Rule.")`;
    const scope = '(principal is Agent, action in Action::"sql", resource is Target)';
    const conditions = [
      `context.classesRead.contains("${name}") && context.datasets.contains("public.t${at.toString()}")`,
      `context.flags.contains("${FLAGS[at % FLAGS.length] ?? ''}") && context.risk > ${(50 + (at % 50)).toString()}`,
      `context has rowLimit && context.rowLimit > ${(1_000 + at).toString()}`,
    ];
    const review = at % 2 === 0 ? '@review("group:stewards")' : '';
    return `${head} ${review} forbid ${scope} when { ${conditions[at % conditions.length] ?? 'true'} };`;
  });
  return [
    '@id("may") @reason("May.") permit (principal is Agent, action in Action::"sql", resource is Target);',
    ...rules,
  ].join('\n');
}

/** How many different datasets and row limits there are: with few, most requests share a decision with another. */
interface Variety {
  readonly datasets: number;
  readonly limits: number;
}

const MANY: Variety = { datasets: 600, limits: 3_000 };
const FEW: Variety = { datasets: 8, limits: 4 };
const MOST_ROWS = 3_000;

function requestOf(next: () => number, variety: Variety): PolicyRequest {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(next() * of.length)] as T;
  const classes = next() < 0.5 ? [] : [pick(CLASSES)];
  const column = { name: `c${Math.floor(next() * 5).toString()}`, uses: ['read'], classes } as const;
  const dataset: DatasetUsage = {
    dataset: `public.t${Math.floor(next() * variety.datasets).toString()}`,
    access: next() < 0.5 ? ['read'] : ['read', 'write'],
    basis: 'parsed',
    columns: [column],
    classes,
  };
  const operation = pick(OPERATIONS);
  const description: Description = {
    operation,
    title: operation.replace('sql:', '').toUpperCase(),
    datasets: [],
    functions: [],
    reach: 'none',
    rowLimit: next() < 0.5 ? null : (Math.floor(next() * variety.limits) * MOST_ROWS) / variety.limits,
    filtered: next() < 0.5,
    unknown: [],
    flags: next() < 0.5 ? [] : [pick(FLAGS)],
  };
  const requester = {
    agent: pick(['a', 'b']),
    agentGroups: [],
    sponsor: 'ana',
    onBehalfOf: 'ana',
    onBehalfOfBasis: 'configured',
    parties: [],
    session: 'ses_1',
    client: '',
  } as const;
  return {
    requester,
    target,
    description,
    datasets: [dataset],
    risk: assess(description, [dataset], target),
  };
}

async function load(text: string): Promise<LoadedEngine> {
  const engine = await createPolicyEngine({ policies: [{ name: 'bench.cedar', text }], names: null });
  if (!engine.ok) throw new Error(JSON.stringify(engine.error));
  return engine.value;
}

/** Microseconds of each call. */
function times<T>(items: readonly T[], call: (item: T) => unknown): number[] {
  return items.map((item) => {
    const start = performance.now();
    call(item);
    return (performance.now() - start) * 1_000;
  });
}

const BARE = ['bench.gate', 'bench.review'] as const;

/** The two calls that a decision needs, with the questions and sets that it has, and nothing around them. */
function bareCalls(engine: LoadedEngine): (question: ReturnType<typeof actionQuestion>) => void {
  for (const [at, id] of BARE.entries()) {
    const rules = engine.rules.filter(({ kind }) => (kind === 'review') === (at === 1));
    const answer = preparsePolicySet(id, {
      staticPolicies: Object.fromEntries(rules.map((rule) => [rule.id, rule.text])),
    });
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
  }
  return (question) => {
    const gate = statefulIsAuthorized({ ...question, preparsedPolicySetId: BARE[0] });
    if (gate.type === 'success' && gate.response.decision === 'allow')
      statefulIsAuthorized({ ...question, preparsedPolicySetId: BARE[1] });
  };
}

async function measure(count: number, quick: boolean): Promise<readonly Figure[]> {
  const engine = await load(policiesOf(count));
  const next = numbers(count);
  const requests = Array.from({ length: quick ? 100 : 400 }, () => requestOf(next, MANY));
  const reads = mergeReads(engine.rules.map((rule) => rule.reads));
  const names = reads.context === 'all' ? attributeNames : reads.context;
  const questions = requests.map((request) => actionQuestion(request, names));
  const bare = bareCalls(engine);
  const rounds = { hit: [] as number[], miss: [] as number[], bare: [] as number[] };
  for (const request of requests) engine.decide(request);
  for (let round = 0; round < (quick ? 3 : ROUNDS); round++) {
    rounds.bare.push(median(times(questions, bare)));
    rounds.miss.push(median(times(requests, (request) => engine.evaluate(request))));
    rounds.hit.push(median(times(requests, (request) => engine.decide(request))));
  }
  const ratio = median(rounds.miss.map((value, at) => value / (rounds.bare[at] ?? NaN)));
  const named = `${count.toString()} policies`;
  return [
    atMost(`memo hit at ${named}, p50`, median(rounds.hit), 'µs', 5),
    information(`past the memo at ${named}, p50`, median(rounds.miss), 'µs'),
    information(`the engine's own calls at ${named}, p50`, median(rounds.bare), 'µs'),
    atMost(`past the memo over the engine's own calls at ${named}`, ratio, '×', 1.3),
  ];
}

/** Random cases, decided through the memo and without it. */
async function disagreements(cases: number): Promise<Figure> {
  const engine = await load(policiesOf(50));
  const next = numbers(7);
  let differing = 0;
  for (let at = 0; at < cases; at++) {
    const request = requestOf(next, FEW);
    if (JSON.stringify(engine.decide(request)) !== JSON.stringify(engine.evaluate(request))) differing += 1;
  }
  return atMost(`disagreements over ${cases.toLocaleString('en')} random cases`, differing, '', 0);
}

export async function run({ quick, only }: BenchOptions): Promise<readonly Figure[]> {
  const parts = [
    ['50', () => measure(50, quick)],
    ['500', () => measure(500, quick)],
    ['disagreements', async () => [await disagreements(quick ? 2_000 : 100_000)]],
  ] as const;
  const figures: Figure[] = [];
  for (const [name, part] of parts) if (only === '' || name === only) figures.push(...(await part()));
  return figures;
}
