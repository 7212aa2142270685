import type { Command } from '../command.ts';
import { Failure } from '../failure.ts';
import { renderUsage } from '../render-reports.ts';
import { parseWhen } from '../time.ts';

export const usage: Command = {
  name: 'usage',
  arguments: [],
  summary: 'report which data was used: by which agent, for whom, how often, approved by whom',
  details: ['Counts whole hours.'],
  options: ['agent', 'since', 'until'],
  remote: true,
  run: async ({ client, invocation, output, system }) => {
    const when = (name: 'since' | 'until') => {
      const given = invocation.text(name);
      if (given === null) return {};
      const instant = parseWhen(given, system.nowMs());
      if (instant !== null) return { [name]: instant };
      throw new Failure(
        'usage',
        `option.${name}`,
        `--${name} is a time such as 2026-11-21T09:30:00Z, or an age such as 7d`,
      );
    };
    const agent = invocation.text('agent');
    const report = await client().usage({
      ...(agent === null ? {} : { agent }),
      ...when('since'),
      ...when('until'),
    });
    output.result(report, (style) => renderUsage(report, style));
  },
};
