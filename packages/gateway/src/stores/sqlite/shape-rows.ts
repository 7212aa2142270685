import type { UsageShape } from '../../core/entry.ts';

/** Which row of the database a shape has, as far as the worker has told. */
export class ShapeRows {
  readonly #most: number;
  /** Every session makes shapes of its own; equal keys are equal shapes. */
  readonly #byKey = new Map<string, number>();
  readonly #byShape = new WeakMap<UsageShape, number>();

  constructor(most: number) {
    this.#most = most;
  }

  of(shape: UsageShape): number | undefined {
    const known = this.#byShape.get(shape);
    if (known !== undefined) return known;
    const row = this.#byKey.get(shape.key);
    if (row !== undefined) this.#byShape.set(shape, row);
    return row;
  }

  learn(shapes: readonly UsageShape[], rows: readonly number[]): void {
    if (this.#byKey.size >= this.#most) this.#byKey.clear();
    shapes.forEach((shape, at) => {
      const row = rows[at];
      if (row !== undefined) this.#byKey.set(shape.key, row);
    });
  }
}
