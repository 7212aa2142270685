/** What the options of sallyport.yaml are made of. */
import { z } from 'zod';

const NAME = /^[a-z0-9][a-z0-9._@-]{0,62}$/;
export const ORIGIN = /^[A-Za-z0-9][A-Za-z0-9._~/:-]{0,199}$/;
const HOST = /^[A-Za-z0-9:][A-Za-z0-9.:_%-]{0,252}$/;
const HIGHEST_PORT = 65_535;
const LONGEST_TEXT = 1_000;
const CLOCK_TIME = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;
/** Names only: an offset such as `+02:00` knows no daylight saving. */
export const TIME_ZONE = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(?:\/[A-Za-z0-9_+-]{1,32}){0,2}$/;
/** A calendar is about the time to come; of another century it is a mistake. */
export const DATE = /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
/** In the order of the week, Sunday first: the index is the day's number. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

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

export const clockTime = (what: string) =>
  z
    .string()
    .regex(CLOCK_TIME, 'a time of day from "00:00" to "24:00" is expected, hours and minutes in two digits')
    .describe(what);

/** Where a secret is: never the secret itself. Recognised by identity, so that problems can speak of secrets. */
export const secretReference = z
  .union([
    z.strictObject({ env: z.string().min(1).describe('Name of an environment variable.') }),
    z.strictObject({
      file: z.string().min(1).describe('Path of a file; one line break at its end is ignored.'),
    }),
  ])
  .describe('Where the secret is: `{env: NAME}` or `{file: PATH}`. Never the secret itself.');
