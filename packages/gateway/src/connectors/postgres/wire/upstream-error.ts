/**
 * `unreachable`: no connection. `timeout`: not ready in time. `tls`: no TLS where it is required, or a certificate that
 * isn't the target's. `authentication`: the target asks for what isn't given, or can't prove itself. `rejected`: the
 * target said no. `protocol`: it doesn't speak PostgreSQL 3.
 */
export type UpstreamFault = 'unreachable' | 'timeout' | 'tls' | 'authentication' | 'rejected' | 'protocol';

/** Lost infrastructure. `message` holds no credential and no name of the target's own; anyone may read it. */
export class UpstreamError extends Error {
  readonly code: UpstreamFault;
  /** What the target itself said, for the operator: it may name users and databases. Empty where it said nothing. */
  readonly report: string;

  constructor(code: UpstreamFault, message: string, report = '') {
    super(message);
    this.name = 'UpstreamError';
    this.code = code;
    this.report = report;
  }
}
