/** What of a card is about the action: who asks, what exactly, which data, how risky, and why a person is asked. */
import type { Parameter } from './action.ts';
import type { CardFact, CardSection } from './card-sections.ts';
import { count } from './card-words.ts';
import type { Requester } from './identity.ts';
import type { PreviewFinding } from './preview.ts';
import type { Review, ReviewSubject } from './review.ts';
import type { DatasetUsage } from './usage.ts';
import { visible } from './visible.ts';

const fact = (label: string, value: string): CardFact => ({ label, value: visible(value) });

export function actionSections(review: Review): readonly CardSection[] {
  const { subject } = review;
  return [
    requester(review),
    ...command(review),
    ...subject.parameters.map(parameter),
    data(subject),
    ...(review.preview?.findings ?? []).map(finding),
    ...list('Not resolved', 'what the gateway could not establish', subject.unknown),
    risk(subject),
    ...reasons(subject),
    ...list('What waits meanwhile', '', subject.holding),
    ...conditions(subject),
    ...statedTask(subject),
  ];
}

type List = Extract<CardSection, { kind: 'list' }>;

/** No section where there is nothing to say. */
function list(title: string, note: string, items: readonly string[]): readonly List[] {
  const shown = items.map((item) => visible(item));
  return shown.length === 0 ? [] : [{ kind: 'list', title, note: visible(note), items: shown }];
}

function requester({ subject, supersedes }: Review): CardSection {
  const { agent, agentGroups, onBehalfOf, session, client } = subject.requester;
  const { target } = subject;
  const groups = agentGroups.length === 0 ? '' : ` (${agentGroups.join(', ')})`;
  return {
    kind: 'facts',
    plain: true,
    title: 'Who asks',
    facts: [
      fact('Agent', agent + groups),
      fact('On behalf of', `${onBehalfOf}, ${basisOf(subject.requester)}`),
      fact('Session', `${session} from ${client}`),
      fact('Target', `${target.name} · ${target.protocol} · ${target.environment}`),
      fact('Operation', `${subject.operation}: ${subject.title}`),
      ...(supersedes === null ? [] : [fact('Asked instead of', supersedes)]),
    ],
  };
}

function basisOf({ onBehalfOfBasis, sponsor }: Requester): string {
  if (onBehalfOfBasis === 'configured') return 'its sponsor, by configuration';
  return `as the agent says, which it may; its sponsor is ${sponsor}`;
}

function command({ subject, erasedAtMs }: Review): readonly CardSection[] {
  if (erasedAtMs !== undefined)
    return [{ kind: 'list', title: 'Command', note: '', items: ['Erased, with all values and words.'] }];
  const note = `exactly what will be sent, ${count(subject.command.length, 'character')}`;
  return [code('Command', note, subject.command)];
}

function code(title: string, note: string, exact: string): CardSection {
  const text = visible(exact, { keepLineFeeds: true });
  const escaped = (text.match(/⟨U\+[0-9A-F]+⟩/gu) ?? []).length;
  const escapes = `; ${count(escaped, 'character')} that can’t be seen, or look like others, shown as ⟨U+…⟩`;
  return { kind: 'code', title, note: escaped === 0 ? note : note + escapes, text };
}

function parameter({ type, format, value }: Parameter, at: number): CardSection {
  const title = `Value $${(at + 1).toString()}`;
  const named = typeof type === 'number' ? `type ${type.toString()}` : visible(type);
  if (value === null) return { kind: 'list', title, note: named, items: ['NULL'] };
  return code(title, format === 'binary' ? `${named}, binary, as base64url` : named, value);
}

function data(subject: ReviewSubject): CardSection {
  const { datasets, functions, rowLimit } = subject;
  const items = [
    ...datasets.flatMap(dataset),
    ...functions.map(({ name, effect }) => `function ${name} (${effect === 'none' ? 'no effect' : effect})`),
    `row limit: ${rowLimit === null ? 'none' : count(rowLimit, 'row')}`,
  ];
  return {
    kind: 'list',
    plain: true,
    title: 'Data',
    note: 'established by the gateway',
    items: items.map((item) => visible(item)),
  };
}

const BASES: Readonly<Record<DatasetUsage['basis'], string>> = {
  parsed: '',
  declared: ' (as the agent declares)',
  unknown: ' (not resolved: there may be more columns)',
};

const classed = (classes: readonly string[]): string =>
  classes.length === 0 ? '' : ` [${classes.join(', ')}]`;

function dataset({ dataset: name, access, basis, columns, classes }: DatasetUsage): readonly string[] {
  return [
    `${name}: ${access.join(' and ')}${classed(classes)}${BASES[basis]}`,
    ...columns.map((column) => `${name}.${column.name}: ${column.uses.join(', ')}${classed(column.classes)}`),
  ];
}

const FINDINGS: Readonly<Record<PreviewFinding['basis'], string>> = {
  counted: 'as the target has it; nothing of the action has run',
  estimated: 'as the target estimates; nothing of the action has run',
  unavailable: 'not known',
};

/** A name in it may come from anybody, so that it is shown like a command. */
function finding({ title, text, basis, rows }: PreviewFinding): CardSection {
  const reckoned = rows === undefined ? '' : `, ${count(rows, 'row')}`;
  return code(`Preview: ${visible(title)}`, FINDINGS[basis] + reckoned, text);
}

/** Of whoever wrote the policies. */
const reasons = ({ policies, reasons: given }: ReviewSubject): readonly List[] =>
  list('Why a person is asked', policies.join(', '), given).map((each) => ({ ...each, plain: true }));

function risk({ risk: { score, signals } }: ReviewSubject): CardSection {
  const items = signals.map(({ weight, explanation }) =>
    visible(`${weight < 0 ? '' : '+'}${weight.toString()} ${explanation}`),
  );
  return { kind: 'list', plain: true, title: `Risk ${score.toString()} of 100`, note: '', items };
}

function conditions({ preconditions }: ReviewSubject): readonly CardSection[] {
  const facts = Object.entries(preconditions).map(([name, value]) => fact(visible(name), value));
  return facts.length === 0 ? [] : [{ kind: 'facts', title: 'Must still hold when it runs', facts }];
}

function statedTask({ statedTask: text, requester: { agent } }: ReviewSubject): readonly CardSection[] {
  if (text === '') return [];
  const title = `${visible(agent)} says about its task`;
  return [{ kind: 'words', title, note: NOBODY, text: visible(text, { keepLineFeeds: true }) }];
}

export const NOBODY = 'the agent’s own words: nobody checked them';
