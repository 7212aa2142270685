import { z } from 'zod';
import { limits } from '../limits.ts';

type Text = (what: string) => z.ZodString;

/** `attention.canaries`, out of the parts that all options share. */
export const canariesOf = ({ name, text }: { readonly name: Text; readonly text: Text }) =>
  z
    .strictObject({
      perWeek: z
        .int()
        .min(1)
        .max(limits.canariesPerWeek)
        .describe('How many are opened in seven days at most, at random times.'),
      calendar: name('The calendar in whose working hours they are opened; default: at any time.').optional(),
      requests: z
        .array(
          z.strictObject({
            agent: name('The agent that is said to ask: one with `canary`.'),
            target: name('The target that it is said to ask for.'),
            command: z
              .string()
              .min(1)
              .max(limits.statementBytes)
              .optional()
              .describe('The statement; required for a target of protocol postgresql.'),
            operation: text('The operation; required for a target of protocol api.').optional(),
            arguments: z
              .record(z.string(), z.unknown())
              .optional()
              .describe('The call’s arguments; for a target of protocol api. Default: none.'),
            task: text('What the agent is said to say of its task.').optional(),
            flaw: text(
              'Why it should be rejected, for whoever approved it: follows on “It should have been rejected:”.',
            ),
          }),
        )
        .min(1)
        .max(limits.canaryRequests)
        .describe('What is asked for: each a request that policy sends to people and nobody should approve.'),
    })
    .optional()
    .describe(
      'Requests that the gateway opens itself to see whether people look. Each is said to be one when its review is over, and none ever runs. Default: none.',
    );
