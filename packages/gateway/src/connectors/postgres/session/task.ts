/** What an agent says with a statement: its own words (law 9). Each is empty where it says nothing. */
export interface StatedWords {
  readonly task: string;
  /** The id of the review that this statement is asked instead of. */
  readonly supersedes: string;
}

const TASK = /(?:^|,)\s*(?:sallyport_)?task='((?:[^'\\]|\\.)*)'/;
const SUPERSEDES = /(?:^|,)\s*sallyport_supersedes='((?:[^'\\]|\\.)*)'/;
const SILENCE: StatedWords = { task: '', supersedes: '' };

/**
 * What the agent says about a statement, in a trailing comment of the statement in the sqlcommenter format (`key='url-encoded
 * value'` pairs, separated by commas).
 */
export function wordsOfComment(sql: string): StatedWords {
  const end = sql.lastIndexOf('*/');
  if (
    end < 0 ||
    sql
      .slice(end + 2)
      .replace(';', '')
      .trim() !== ''
  )
    return SILENCE;
  const start = sql.lastIndexOf('/*', end);
  if (start < 0) return SILENCE;
  const comment = sql.slice(start + 2, end);
  return { task: valueIn(comment, TASK), supersedes: valueIn(comment, SUPERSEDES) };
}

function valueIn(comment: string, key: RegExp): string {
  const encoded = key.exec(comment)?.[1];
  if (encoded === undefined) return '';
  try {
    return decodeURIComponent(encoded.replaceAll("\\'", "'"));
  } catch {
    // Not encoded as the format says: shown as it was sent.
    return encoded;
  }
}
