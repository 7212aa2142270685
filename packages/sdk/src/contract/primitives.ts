import { z } from 'zod';

/** An instant: RFC 3339 in UTC, with milliseconds. */
export const Timestamp = z.iso.datetime().meta({
  id: 'Timestamp',
  description: 'RFC 3339, in UTC.',
  example: '2026-11-21T09:30:00.000Z',
});

const ulid = '[0-7][0-9a-hjkmnp-tv-z]{25}';

export const ReviewId = z
  .string()
  .regex(new RegExp(`^rev_${ulid}$`))
  .meta({ id: 'ReviewId', example: 'rev_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const BreakGlassId = z
  .string()
  .regex(new RegExp(`^bgl_${ulid}$`))
  .meta({ id: 'BreakGlassId', example: 'bgl_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const StandingId = z
  .string()
  .regex(new RegExp(`^std_${ulid}$`))
  .meta({ id: 'StandingId', example: 'std_01jd7z3v8k4m5n6p7q8r9s0t1v' });

export const ActionId = z
  .string()
  .regex(new RegExp(`^act_${ulid}$`))
  .meta({ id: 'ActionId', example: 'act_01jd7z3v8k4m5n6p7q8r9s0t1v' });

/** SHA-256 of the canonical action (spec/action.md). */
export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({
    id: 'Digest',
    description: 'SHA-256 over the canonical form of the action, in hexadecimal digits.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  });

/** Counts and indexes: whole numbers that JSON carries without loss. */
export const Count = z.int().nonnegative();
