import type { Parameter } from '../../core/action.ts';
import { templateForm } from '../../core/shape.ts';
import type { Candidate } from '../../core/standing.ts';
import type { Hashing, Shapes } from '../../ports.ts';

export interface ShapePorts {
  readonly hashing: Hashing;
  readonly shapes: Shapes;
}

/** What is compared with the terms of a grant; a sentence where no grant can be for such an action. */
export type Action = Pick<Candidate, 'target' | 'preconditions'> & {
  readonly command: string;
  readonly parameters: readonly Parameter[];
};

/** The template's digest and the fields, of exactly these bytes. */
export function shapeOf({ shapes, hashing }: ShapePorts, { target, command, parameters }: Action) {
  const shape = shapes(target, command, parameters);
  if (!shape.ok) return shape;
  const { template, fields } = shape.value;
  const form = templateForm(target.protocol, template);
  return { ok: true, value: { template: hashing.sha256Hex(form), fields } } as const;
}
