import type { Command } from '../command.ts';
import { renderUsage } from '../render-reports.ts';
import { whenOf } from '../time.ts';

export const usage: Command = {
  name: 'usage',
  arguments: [],
  summary: 'report which data was used: by which agent, for whom, how often, approved by whom',
  details: ['Counts whole hours.'],
  options: ['agent', 'since', 'until'],
  remote: true,
  run: async ({ client, invocation, output, system }) => {
    const agent = invocation.text('agent');
    const report = await client().usage({
      ...(agent === null ? {} : { agent }),
      ...whenOf(invocation, system.nowMs()),
    });
    output.result(report, (style) => renderUsage(report, style));
  },
};
