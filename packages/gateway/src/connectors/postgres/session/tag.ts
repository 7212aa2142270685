/**
 * The name of a session's connection in the target's own log, `sallyport/SESSION`: `ledger reconcile` finds by it which
 * statements came through the gateway. It goes with the startup packet, so that it costs no round trip and is there
 * before the first statement. What the client calls itself stands behind it.
 */
export const NAME = 'application_name';

const tagOf = (session: string): string => `sallyport/${session}`;

/** The settings of a connection to the target, under the session's tag. */
export function tagged(
  parameters: Readonly<Record<string, string>>,
  session: string,
): Readonly<Record<string, string>> {
  const own = parameters[NAME] ?? '';
  return { ...parameters, [NAME]: own === '' ? tagOf(session) : `${tagOf(session)} ${own}` };
}

/** The name as the client knows it. Another one, which it has set since, is as it is. */
export function untagged(name: string, session: string): string {
  const tag = tagOf(session);
  return name === tag ? '' : name.startsWith(`${tag} `) ? name.slice(tag.length + 1) : name;
}
