import type { CatalogScan, CatalogScanRequest } from '@sallyport/sdk/contract';
import type { z } from 'zod';
import type { Principal } from '../core/identity.ts';
import type { ScanReport } from '../ports-scan.ts';
import type { ApiDeps } from './deps.ts';
import { timestamp } from './present.ts';
import type { Call, Reply } from './route.ts';

const DETAILS = {
  'scan.unknown_target': 'There is no target of this name whose data the gateway can look at.',
  'scan.busy': 'A scan of this target is under way. Wait for its end.',
  'ledger.unavailable': 'The ledger can’t record it, so nothing more was read.',
} as const;

const presentScan = ({ target, atMs, datasets, complete }: ScanReport): CatalogScan => ({
  target,
  at: timestamp(atMs),
  complete,
  datasets: datasets.map(({ columns, ...dataset }) => ({
    ...dataset,
    columns: columns.map(({ column, classes, findings, proposed }) => ({
      column,
      classes: [...classes],
      findings: findings.map((finding) => ({ ...finding })),
      proposed: [...proposed],
    })),
  })),
});

export async function scanCatalog(
  { body }: Call<unknown, unknown, z.output<typeof CatalogScanRequest>>,
  principal: Principal,
  { scans }: ApiDeps,
): Promise<Reply> {
  // The route is for people alone, so that no agent gets here (access.ts).
  if (principal.kind !== 'person') throw new Error('an agent among people');
  const scanned = await scans.scan(body.target, principal);
  if (scanned.ok) return { kind: 'json', body: presentScan(scanned.value) };
  const { error } = scanned;
  const detail = error.code === 'scan.unreachable' ? error.detail : DETAILS[error.code];
  return { kind: 'problem', code: error.code, detail };
}
