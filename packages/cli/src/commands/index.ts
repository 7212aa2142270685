import type { Command } from '../command.ts';
import { delegationCommands } from './delegation.ts';
import { attention } from './attention.ts';
import { catalogScan } from './catalog.ts';
import { breakGlassCommands } from './break-glass.ts';
import { channelCommands } from './channels.ts';
import { configCheck, up } from './gateway.ts';
import { ledgerErase, ledgerExport, ledgerRotateKey, ledgerVerify, receipt, verify } from './ledger.ts';
import { policyCommands } from './policy.ts';
import { ledgerReconcile } from './reconcile.ts';
import { reviews, show } from './reviews.ts';
import { standingCommands } from './standing.ts';
import { tokenCreate } from './token.ts';
import { usage } from './usage.ts';
import { answer, ask } from './questions.ts';
import { approve, reject, retract } from './votes.ts';
import { witness } from './witness.ts';

/** Every command, in the order in which help and docs/reference/cli.md show them. */
export const commands: readonly Command[] = [
  up,
  configCheck,
  ...policyCommands,
  catalogScan,
  tokenCreate,
  reviews,
  show,
  approve,
  reject,
  retract,
  ask,
  answer,
  ...standingCommands,
  ...delegationCommands,
  ...breakGlassCommands,
  ...channelCommands,
  usage,
  attention,
  receipt,
  verify,
  ledgerVerify,
  ledgerExport,
  ledgerReconcile,
  ledgerErase,
  ledgerRotateKey,
  witness,
];
