/** By which code a call was refused; `answered` when it wasn't, and the error itself when it has none. */
export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  );
