import { visible } from './visible.ts';
import type { Person } from './identity.ts';

/** So many are named; a longer line is read by nobody. */
const NAMED = 5;

export interface LinkedIn {
  /** As people call it. */
  readonly platform: string;
  /** The key of the configuration that names somebody's account. */
  readonly field: string;
  readonly isLinked: (name: string) => boolean;
}

/**
 * Says in one line who can't decide in a chat, because nobody knows which account is theirs: of those who are in a group,
 * since groups are what decides. Null: there is none.
 */
export function unlinkedLine(
  people: readonly Person[],
  { platform, field, isLinked }: LinkedIn,
): string | null {
  const names = people
    .filter(({ disabled, groups, name }) => !disabled && groups.length > 0 && !isLinked(name))
    .map(({ name }) => visible(name));
  if (names.length === 0) return null;
  const more = names.length > NAMED ? ` and ${(names.length - NAMED).toString()} more` : '';
  const named = `${names.slice(0, NAMED).join(', ')}${more}`;
  return `No account in ${platform} is linked to ${named}, who can’t decide there: have them press a button below a review and follow the link that they get, or set people[].${field}.`;
}
