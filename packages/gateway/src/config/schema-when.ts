import { z } from 'zod';
import { name, names, text } from './schema-parts.ts';

export const when = z
  .strictObject({
    targets: names('Targets.'),
    environments: names('Environments.'),
    agents: names('Agents.'),
    groups: names('Groups of which members may approve, from the start or by escalation.'),
    policies: z.array(text('The id of a policy.')).default([]).describe('Policies that demand the review.'),
    minRisk: z.int().min(0).max(100).default(0).describe('The least risk score.'),
  })
  .prefault({})
  .describe('Which reviews: those that are in every list which isn’t empty. Without it: all.');

export const byPolicy = z
  .boolean()
  .default(false)
  .describe(
    'Whether it is told only of what policies send there by `@channel("NAME")`; `when` then says nothing.',
  );

/** Of a room: by which policies send reviews there. */
export const channelName = name(
  'The name by which policies send reviews there: `@channel("NAME")`.',
).optional();
