/** The one file of the command line that draws on time and chance; everything else gets them as arguments. */
export interface System {
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** From a cryptographic source. */
  readonly random: (bytes: number) => Uint8Array;
}

export const system: System = {
  // eslint-disable-next-line sallyport/clock -- a person's `--since 7d` is counted back from their own now
  nowMs: () => Date.now(),
  // eslint-disable-next-line sallyport/randomness -- `token create` makes tokens where no gateway runs
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
};
