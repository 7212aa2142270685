import { z } from 'zod';
import { names, text } from './schema-parts.ts';

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
