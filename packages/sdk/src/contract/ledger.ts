import { z } from 'zod';
import { Count, Timestamp } from './primitives.ts';

export const LedgerStatus = z
  .object({
    origin: z.string().meta({ description: 'The name of the log (C2SP tlog-checkpoint).' }),
    vkey: z.string().meta({ description: 'The key that signs its checkpoints (C2SP signed-note).' }),
    size: Count.meta({ description: 'Entries that are durable; the checkpoint is a second behind at most.' }),
    checkpoint: z.string().nullable().meta({ description: 'The latest signed checkpoint.' }),
    mirror: z
      .object({
        size: Count.meta({ description: 'Entries that the checkpoint in the folder covers.' }),
        failure: z
          .string()
          .nullable()
          .meta({ description: 'Why it is behind, as a code (`ENOSPC`, `EROFS`, …); it is tried again.' }),
      })
      .nullable()
      .meta({ description: 'The folder of `ledger.publish`; null: none is configured.' }),
  })
  .meta({ id: 'LedgerStatus' });
export type LedgerStatus = z.infer<typeof LedgerStatus>;

/** The longest reason of an erasure, in characters. */
const maxErasureReason = 2_000;

export const ErasureRequest = z
  .strictObject({
    subject: z
      .strictObject({ kind: z.enum(['agent', 'person']), name: z.string().min(1).max(200) })
      .meta({ description: 'An agent, or a person for whom agents acted.' }),
    reason: z.string().max(maxErasureReason),
  })
  .meta({ id: 'ErasureRequest' });
export type ErasureRequest = z.input<typeof ErasureRequest>;

export const Erasure = z
  .object({
    index: Count.meta({ description: 'Where in the ledger the erasure is recorded.' }),
    at: Timestamp,
  })
  .meta({ id: 'Erasure', description: 'The values are gone, and so are their keys.' });
export type Erasure = z.infer<typeof Erasure>;

export const KeyRotation = z
  .object({
    index: Count.meta({ description: 'Where in the ledger the hand-over is.' }),
    previous: z.string().meta({ description: 'The key that signed until now, and signed the hand-over.' }),
    vkey: z.string().meta({ description: 'The key that signs from now on.' }),
  })
  .meta({ id: 'KeyRotation', description: 'The key of the log was handed over.' });
export type KeyRotation = z.infer<typeof KeyRotation>;

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
