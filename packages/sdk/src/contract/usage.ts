import { z } from 'zod';
import { Count, Timestamp } from './primitives.ts';
import { Dataset } from './review.ts';

export const UsageQuery = z.strictObject({
  agent: z.string().min(1).max(200).optional(),
  since: Timestamp.optional().meta({ description: 'Default: 24 hours before `until`.' }),
  until: Timestamp.optional().meta({ description: 'Default: now.' }),
});

const Totals = { actions: Count, rows: Count, bytes: Count };

/** The same agent doing the same thing to the same data with the same result, added up. */
const UsageLine = z
  .object({
    agent: z.string(),
    onBehalfOf: z.string(),
    target: z.string(),
    environment: z.string(),
    operation: z.string(),
    datasets: z.array(Dataset),
    reviewed: z.boolean().meta({ description: 'Whether a person approved.' }),
    breakGlass: z.boolean().meta({ description: 'Whether a person ran it without approval.' }),
    status: z.enum(['succeeded', 'failed', 'refused', 'unknown']),
    ...Totals,
  })
  .meta({ id: 'UsageLine' });
export type UsageLine = z.infer<typeof UsageLine>;

/** One dataset over all lines; an action that touches two datasets counts in both. */
const DatasetTotal = z
  .object({
    target: z.string(),
    dataset: z.string(),
    columns: z.array(z.string()),
    classes: z.array(z.string()),
    owners: z.array(z.string()).meta({ description: 'As the catalog said when it was used.' }),
    compliance: z.array(z.string()).meta({ description: 'As the catalog said when it was used.' }),
    ...Totals,
  })
  .meta({ id: 'DatasetTotal' });

export const UsageReport = z
  .object({
    agent: z.string().nullable(),
    since: Timestamp.meta({ description: 'What is counted: whole hours.' }),
    until: Timestamp,
    totals: z.object(Totals),
    datasets: z.array(DatasetTotal),
    lines: z.array(UsageLine),
  })
  .meta({ id: 'UsageReport', description: 'Which data was used, by whom, on whose behalf, how often.' });
export type UsageReport = z.infer<typeof UsageReport>;
