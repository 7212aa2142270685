import { canonicalize } from '@sallyport/verifier';

/** All that was asked under one key, in canonical form: a repetition is the same in all of it. */
export const requestForm = (request: string, members: Readonly<Record<string, string | null>>): string =>
  canonicalize({ ...members, request });
