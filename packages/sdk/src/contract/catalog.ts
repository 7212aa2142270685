import { z } from 'zod';
import { Count, Timestamp } from './primitives.ts';

export const CatalogScanRequest = z
  .strictObject({ target: z.string().min(1).max(63) })
  .meta({ id: 'CatalogScanRequest' });

const ScanFinding = z
  .object({
    detector: z.string().meta({ example: 'payment_card' }),
    title: z.string().meta({ description: 'What was found, for people.' }),
    class: z.string().meta({ description: 'The class for data of this kind.' }),
    values: Count.meta({ description: 'Values that hold it.' }),
    of: Count.meta({ description: 'Values that were looked at: neither null nor empty.' }),
    confidence: z
      .number()
      .min(0)
      .max(1)
      .meta({ description: 'That it is what it looks like, at least: the more was seen, the surer.' }),
  })
  .meta({ id: 'ScanFinding', description: 'Counts; never a value.' });

const ScannedColumn = z
  .object({
    column: z.string(),
    classes: z.array(z.string()).meta({ description: 'Classes that it has by now.' }),
    findings: z.array(ScanFinding),
    proposed: z.array(z.string()).meta({ description: 'Classes of findings that it does not have.' }),
  })
  .meta({ id: 'ScannedColumn' });

const ScannedDataset = z
  .object({
    dataset: z.string(),
    skipped: z.string().nullable().meta({ description: 'Why nothing of it was looked at; null: it was.' }),
    rows: Count.meta({ description: 'Rows that were looked at.' }),
    left: Count.meta({
      description: 'Columns that were not looked at: their types hold nothing to be found.',
    }),
    columns: z.array(ScannedColumn).meta({ description: 'Those in which something was found.' }),
  })
  .meta({ id: 'ScannedDataset' });

export const CatalogScan = z
  .object({
    target: z.string(),
    at: Timestamp,
    datasets: z.array(ScannedDataset),
    complete: z.boolean().meta({ description: 'False: there was not time, or room, for all tables.' }),
  })
  .meta({ id: 'CatalogScan', description: 'Proposed classes of a target’s data. Nothing is changed by it.' });
export type CatalogScan = z.infer<typeof CatalogScan>;
