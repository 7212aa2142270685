/** Where in a file a policy stands, and what is wrong there. */
import type { Complaint } from './annotation-values.ts';
import type { DetailedError } from './cedar.ts';
import { nearest } from './nearest.ts';
import type { PolicyProblem } from './problems.ts';
import { offsetOfByte, positionAt, type PolicyPiece, type PolicySource } from './source.ts';
import { mistypedIn } from './mistyped.ts';
import { absentAttribute, locate, suspectOf } from './vocabulary.ts';

export interface Place {
  readonly source: PolicySource;
  readonly piece: PolicyPiece;
}

/** A complaint with its place: that of the wrong word, where there is one, else that of the policy. */
export function problemAt(place: Place, policy: string, complaint: Complaint, offset = 0): PolicyProblem {
  const { code, message, hint, suspect } = complaint;
  const { source, piece } = place;
  const at = suspect === undefined ? offset : locate(piece.text, suspect, offset);
  const base = { code, file: source.name, ...positionAt(source.text, piece.offset + at), policy, message };
  if (suspect === undefined) return { ...base, hint };
  const meant = nearest(suspect.word, suspect.candidates);
  // What is wrong with a word that there is, is no slip of the hand.
  if (meant === undefined || meant === suspect.word) return { ...base, hint, word: suspect.word };
  const said = `did you mean ${JSON.stringify(meant)}?`;
  return { ...base, hint: hint === '' ? said : `${said} ${hint}`, word: suspect.word, nearest: meant };
}

/** What the engine's parser or validator says, at the place in the file that it means. */
export function problemOfEngine(
  place: Place,
  code: 'policy.syntax' | 'policy.schema',
  error: DetailedError,
): PolicyProblem {
  const { start, end } = error.sourceLocations?.[0] ?? { start: 0, end: 0 };
  const expected = error.sourceLocations?.[0]?.label ?? '';
  const message = error.message
    .replace(/^failed to parse policy from string: /, '')
    .replace(/^for policy `[^`]*`, /, '')
    .replace(/ in context for Action::"[^"]*"/, ' in context');
  const impossible = message.startsWith('policy is impossible');
  const suspect = impossible ? absentAttribute(place.piece.text) : suspectOf(message);
  // The engine suggests a word however far it is; where we know better which words there are, we say it.
  const help = error.help?.replace(/^for policy `[^`]*`, /, '') ?? expected;
  const hint = help.startsWith('did you mean') ? hintOf(suspect?.candidates ?? []) : help;
  const { text } = place.piece;
  const from = offsetOfByte(text, start);
  if (suspect !== undefined) return problemAt(place, '', { code, message, hint, suspect }, from);
  const wrong = mistypedIn(text.slice(from, offsetOfByte(text, end)), message);
  if (wrong === undefined) return problemAt(place, '', { code, message, hint }, from);
  const { word, meant } = wrong;
  const way = meant === undefined ? hint : [`write ${meant}`, hint].filter((each) => each !== '').join('; ');
  const problem = problemAt(place, '', { code, message: `${message}: ${word}`, hint: way }, from);
  return { ...problem, word, ...(meant === undefined ? {} : { nearest: meant }) };
}

/** More names than this are no help at the end of a line. */
const MOST_NAMED = 45;

const hintOf = (candidates: readonly string[]): string =>
  candidates.length === 0 || candidates.length > MOST_NAMED ? '' : `there are ${candidates.join(', ')}`;
