import { z } from 'zod';
import { Count } from './primitives.ts';

export const LedgerStatus = z
  .object({
    origin: z.string().meta({ description: 'The name of the log (C2SP tlog-checkpoint).' }),
    vkey: z.string().meta({ description: 'The key that signs its checkpoints (C2SP signed-note).' }),
    size: Count.meta({ description: 'Entries that are durable; the checkpoint is a second behind at most.' }),
    checkpoint: z.string().nullable().meta({ description: 'The latest signed checkpoint.' }),
  })
  .meta({ id: 'LedgerStatus' });
export type LedgerStatus = z.infer<typeof LedgerStatus>;

/** The most entries of one page. */
export const maxEntriesPerPage = 512;

export const EntryQuery = z.strictObject({
  from: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).default(0),
  limit: z.coerce.number().int().min(1).max(maxEntriesPerPage).default(256),
});

export const EntryPage = z
  .object({
    entries: z.array(
      z.object({ index: Count, leaf: z.string().meta({ description: 'The leaf, byte for byte (UTF-8).' }) }),
    ),
    next: Count.nullable().meta({ description: '`from` of the following page; null: nothing follows yet.' }),
  })
  .meta({ id: 'EntryPage' });
export type EntryPage = z.infer<typeof EntryPage>;
