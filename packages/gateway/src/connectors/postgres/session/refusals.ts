import { refusal, type Refusal, type RefusalCode } from '../../../core/reasons.ts';
import { errorResponse } from '../wire/backend.ts';

/**
 * From reason to SQLSTATE (PostgreSQL 18, appendix "Error Codes"). 42501 insufficient_privilege is what a driver expects
 * of a refusal: the session lives on, and nothing retries it by itself.
 */
const SQLSTATE: Readonly<Record<RefusalCode, string>> = {
  'policy.forbidden': '42501',
  'policy.not_permitted': '42501',
  'policy.error': '42501',
  'grant.missing': '42501',
  'grant.mismatch': '42501',
  'grant.spent': '42501',
  'grant.revoked': '42501',
  'grant.expired': '42501',
  'describe.unparsable': '42601',
  'describe.unsupported': '0A000',
  'describe.unresolved': '42703',
  'limit.exceeded': '54000',
  'review.rejected': '42501',
  'review.expired': '42501',
  'review.withdrawn': '57014',
  'review.superseded': '57014',
  'review.no_approver': '42501',
  'review.changed': '42501',
  'review.hold_timeout': '57014',
  'review.too_many': '53400',
  'review.too_fast': '53400',
  'action.altered': '42501',
  'identity.revoked': '42501',
  'standing.changed': '42501',
  'canary.never_runs': '42501',
  'ledger.unavailable': '58030',
  'target.unavailable': '08001',
};

/** The target's own words are the better answer. */
export interface TargetRefusal extends Refusal {
  /** An ErrorResponse. */
  readonly report: Buffer;
}

/** The refusal as the client's own protocol says it: reason, then review, policies and link, then the way out. */
export function refusalFrame(reason: Refusal | TargetRefusal, publicUrl: string): Buffer {
  if ('report' in reason) return reason.report;
  const detail = [
    reason.policies.length > 0 ? `Policy: ${reason.policies.join(', ')}.` : '',
    reason.review === null ? '' : `Review: ${reason.review}, ${publicUrl}/reviews/${reason.review}`,
    `Code: ${reason.code}.`,
  ];
  return errorResponse({
    severity: 'ERROR',
    code: SQLSTATE[reason.code],
    message: `Sallyport: ${reason.message}`,
    detail: detail.filter((line) => line !== '').join('\n'),
    hint: reason.hint,
  });
}

export const protocolViolation = (message: string): Buffer =>
  errorResponse({ severity: 'ERROR', code: '08P01', message: `Sallyport: ${message}` });

export const fatal = (code: string, message: string, hint = ''): Buffer =>
  errorResponse({ severity: 'FATAL', code, message: `Sallyport: ${message}`, hint });

export const unsupported = (message: string, hint: string): Refusal =>
  refusal('describe.unsupported', { message, hint });

/** A message whose length alone says that it can't be taken. Nothing behind it can be read, so the session ends. */
export const tooLarge = (bytes: number, mostBytes: number): Refusal =>
  refusal('limit.exceeded', {
    message: `A message of ${bytes.toString()} bytes is over the limit of ${mostBytes.toString()} bytes.`,
    hint: 'Connect again, and send the statement in parts, or data by COPY in smaller messages.',
  });
