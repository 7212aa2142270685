const TASK = /(?:^|,)\s*(?:sallyport_)?task='((?:[^'\\]|\\.)*)'/;

/**
 * What the agent says it is doing, in a trailing comment of the statement in the sqlcommenter format (`key='url-encoded
 * value'` pairs, separated by commas). Empty where it says nothing. Its own words (law 9).
 */
export function taskOfComment(sql: string): string {
  const end = sql.lastIndexOf('*/');
  if (
    end < 0 ||
    sql
      .slice(end + 2)
      .replace(';', '')
      .trim() !== ''
  )
    return '';
  const start = sql.lastIndexOf('/*', end);
  const encoded = start < 0 ? undefined : TASK.exec(sql.slice(start + 2, end))?.[1];
  if (encoded === undefined) return '';
  try {
    return decodeURIComponent(encoded.replaceAll("\\'", "'"));
  } catch {
    // Not encoded as the format says: shown as it was sent.
    return encoded;
  }
}
