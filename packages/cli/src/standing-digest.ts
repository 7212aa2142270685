import { createHash } from 'node:crypto';
import type { StandingGrant } from '@sallyport/sdk/contract';
import { canonicalize } from '@sallyport/verifier';

/** The digest of the terms that are shown (spec/standing.md), computed here, so that a vote is for what was on the screen. */
export function digestOfTerms(grant: StandingGrant): string {
  const { agent, onBehalfOf, target, operation, template, preconditions, fields, functions } = grant;
  const { maxUses, maxRowsPerUse, maxRows, validFrom, validUntil } = grant;
  const datasets = grant.datasets.map(({ access, basis, classes, columns, dataset }) => {
    const used = columns.map(({ classes: own, name, uses }) => ({ classes: own, name, uses }));
    return { access, basis, classes, columns: used, dataset };
  });
  const form = canonicalize({
    ...{ agent, onBehalfOf, operation, template, preconditions, functions, datasets },
    ...{ maxUses, maxRowsPerUse, maxRows },
    target: { name: target.name, protocol: target.protocol, environment: target.environment },
    fields: fields.map(({ name, type, free, orders, context, constraint }) => ({
      ...{ name, type, free, orders, context },
      constraint: { ...constraint },
    })),
    validFromMs: Date.parse(validFrom),
    validUntilMs: Date.parse(validUntil),
    version: 'sallyport/standing/v1',
  });
  return createHash('sha256').update(form, 'utf8').digest('hex');
}
