import { z } from 'zod';

/** What several parts of the schema are made of. */
const NAME = /^[a-z0-9][a-z0-9._@-]{0,62}$/;
const HOST = /^[A-Za-z0-9:][A-Za-z0-9.:_%-]{0,252}$/;
const HIGHEST_PORT = 65_535;
const LONGEST_TEXT = 1_000;

export const name = (what: string) =>
  z
    .string()
    .regex(
      NAME,
      'lower-case letters, digits and . _ @ - are allowed, at most 63, the first a letter or digit',
    )
    .describe(what);
export const names = (what: string) => z.array(name('A name.')).default([]).describe(what);
export const text = (what: string) => z.string().min(1).max(LONGEST_TEXT).describe(what);
export const host = (what: string) =>
  z.string().regex(HOST, 'a host name or an address is expected').describe(what);
export const port = (what: string) => z.int().min(1).max(HIGHEST_PORT).describe(what);

/** Where a secret is: never the secret itself. Recognised by identity, so that problems can speak of secrets. */
export const secretReference = z
  .union([
    z.strictObject({ env: z.string().min(1).describe('Name of an environment variable.') }),
    z.strictObject({
      file: z.string().min(1).describe('Path of a file; one line break at its end is ignored.'),
    }),
  ])
  .describe('Where the secret is: `{env: NAME}` or `{file: PATH}`. Never the secret itself.');
