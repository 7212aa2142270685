import { canonicalize } from '@sallyport/verifier';
import type { Parameter } from './action.ts';
import type { ActionShape } from './constraint.ts';

/** For protocols whose commands have no fields of their own: the command as it is, and its parameters as they are. */
export function exactShape(command: string, parameters: readonly Parameter[]): ActionShape {
  const fields = parameters.map(({ type, format, value }, at) => ({
    name: `$${(at + 1).toString()}`,
    type: `type ${type.toString()}, ${format}`,
    value,
    free: false,
    orders: [],
    context: '',
  }));
  return { template: canonicalize({ command, types: fields.map((field) => field.type) }), fields };
}

/** What the digest of a template is made of: the same text is another command under another protocol. */
export const templateForm = (protocol: string, template: string): string =>
  canonicalize({ protocol, template });
