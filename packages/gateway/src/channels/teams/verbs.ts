/** What people do in Teams, as it comes back to us. */
export const VERBS = {
  refresh: 'sallyport.refresh',
  approve: 'sallyport.approve',
  reject: 'sallyport.reject',
  ask: 'sallyport.ask',
  answer: 'sallyport.answer',
} as const;

export type Verb = (typeof VERBS)[keyof typeof VERBS];

/** What takes some words, and so a dialog. */
export type DialogVerb = Exclude<Verb, typeof VERBS.refresh | typeof VERBS.approve>;

/** What people write. */
export const FIELDS = { reason: 'reason', question: 'question', answer: 'answer', to: 'to' } as const;
