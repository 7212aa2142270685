export { SallyportClient } from './client.ts';
export type {
  ActionWait,
  KnownAction,
  LedgerEntry,
  Repeatable,
  ReviewFilter,
  UsageFilter,
} from './client.ts';
export { SallyportError } from './errors.ts';
export type { ClientCode } from './errors.ts';
export { Sallyport } from './guard.ts';
export type { CallDescription, Granted, Guarded, GuardOptions } from './guard.ts';
export type { Persistence } from './persist.ts';
export type { EventOptions, ReceivedEvent } from './events.ts';
export type { ClientOptions } from './transport.ts';
export { visible } from './visible.ts';
export type { VisibleOptions } from './visible.ts';
