import type { ProblemCode } from './contract/index.ts';

/**
 * `client.unreachable`: no answer came. `client.unexpected_response`: an answer that is not of this contract, such as
 * that of another server. `client.insecure`: the token would have crossed a network unencrypted, so nothing was sent.
 * `client.not_json`: arguments are not JSON that every reader understands alike. `client.aborted`: the caller's signal
 * ended it before anything was performed. `client.other_grant`: the grant is not for what was asked.
 */
export type ClientCode =
  | 'client.unreachable'
  | 'client.unexpected_response'
  | 'client.insecure'
  | 'client.not_json'
  | 'client.aborted'
  | 'client.other_grant';

/** Whatever a call of the client fails with. Decide by `code`. */
export class SallyportError extends Error {
  readonly code: ProblemCode | ClientCode;
  /** The status of the answer; null where none came. */
  readonly status: number | null;
  /** How long the gateway says to back off before the same can succeed; null: it says nothing. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ProblemCode | ClientCode,
    message: string,
    status: number | null = null,
    retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = 'SallyportError';
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
