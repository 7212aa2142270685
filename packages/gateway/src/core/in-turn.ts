/** Work that must not overlap: each piece begins when the one before it has ended, however that ended. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
