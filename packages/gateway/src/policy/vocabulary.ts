/** The words that policies may use, and which word of a text is the wrong one. */
import { schemaToJson } from './cedar.ts';
import { schemaText } from './schema.ts';

/** A word that is wrong, and those that would be right in its place. */
export interface Suspect {
  readonly word: string;
  readonly candidates: readonly string[];
  /** The annotation in whose text it stands; absent: it stands in the policy itself. */
  readonly annotation?: string;
}

interface TypeShape {
  readonly type?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

interface SchemaShape {
  readonly entityTypes: Readonly<Record<string, { readonly shape?: TypeShape }>>;
  readonly commonTypes?: Readonly<Record<string, TypeShape>>;
  readonly actions: Readonly<Record<string, { readonly appliesTo?: { readonly context?: TypeShape } }>>;
}

function readSchema(): SchemaShape {
  const answer = schemaToJson(schemaText);
  if (answer.type === 'failure') throw new Error(answer.errors.map((error) => error.message).join('; '));
  return answer.json[''] as SchemaShape;
}

const schema = readSchema();
const names = (shape: TypeShape | undefined): readonly string[] => Object.keys(shape?.attributes ?? {});

const entityTypes = Object.keys(schema.entityTypes);
const actionNames = Object.keys(schema.actions);
const contextAttributes = [
  ...new Set([
    ...Object.values(schema.commonTypes ?? {}).flatMap(names),
    ...Object.values(schema.actions).flatMap(({ appliesTo }) => names(appliesTo?.context)),
  ]),
];
const METHODS = ['contains', 'containsAll', 'containsAny', 'isEmpty'];
const WORDS = [
  'permit',
  'forbid',
  'when',
  'unless',
  'principal',
  'action',
  'resource',
  'context',
  'has',
  'like',
];
const MORE_WORDS = ['in', 'is', 'if', 'then', 'else', 'true', 'false'];

/** What the engine's messages say, and where the right word would be found. */
const messages: readonly {
  readonly form: RegExp;
  readonly candidates: (match: RegExpExecArray) => readonly string[];
}[] = [
  { form: /attribute `(?<word>[^`]+)`[^`]* in context/, candidates: () => contextAttributes },
  {
    form: /attribute `(?<word>[^`]+)` on entity type `(?<type>[^`]+)`/,
    candidates: ({ groups }) => names(schema.entityTypes[groups?.['type'] ?? '']?.shape),
  },
  { form: /unrecognized action `Action::"(?<word>[^"]+)"`/, candidates: () => actionNames },
  { form: /unrecognized entity type `(?<word>[^`]+)`/, candidates: () => entityTypes },
  { form: /`(?<word>\w+)` is not a valid (method|function)/, candidates: () => METHODS },
  { form: /invalid policy (effect|condition): (?<word>\w+)/, candidates: () => WORDS },
  { form: /unexpected token `(?<word>\w+)`/, candidates: () => [...WORDS, ...MORE_WORDS] },
  { form: /invalid variable: (?<word>\w+)/, candidates: () => WORDS },
];

/** The word that a message of the engine is about; undefined where it is about no single word. */
export function suspectOf(message: string): Suspect | undefined {
  for (const { form, candidates } of messages) {
    const match = form.exec(message);
    const word = match?.groups?.['word'];
    if (match !== null && word !== undefined) return { word, candidates: candidates(match) };
  }
  return undefined;
}

/** `context has NAME` of an attribute that there isn't: the engine only says that the policy can't match. */
export function absentAttribute(text: string): Suspect | undefined {
  for (const [, word = ''] of text.matchAll(/\bcontext\s+has\s+(\w+)/g)) {
    if (!contextAttributes.includes(word)) return { word, candidates: contextAttributes };
  }
  return undefined;
}

/** Strings and comments are skipped, so that an `@` within them is none. */
const ANNOTATION = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|@\s*(?<name>[A-Za-z_]\w*)/gs;

/** Where the annotation's name begins in a policy's text; 0 where there is none. */
function annotationOffset(text: string, annotation: string): number {
  for (const match of text.matchAll(ANNOTATION)) {
    if (match.groups?.['name'] === annotation) return match.index + match[0].indexOf(annotation);
  }
  return 0;
}

/** The offset of a wrong word in the policy's text, from `from` on where it stands in no annotation. */
export function locate(text: string, { word, annotation }: Suspect, from = 0): number {
  const start = annotation === undefined ? from : annotationOffset(text, annotation);
  const found = text.indexOf(word, start);
  return found < 0 ? start : found;
}
