import type { Command } from '../command.ts';
import { renderAttention } from '../render-attention.ts';
import { whenOf } from '../time.ts';

export const attention: Command = {
  name: 'attention',
  arguments: [],
  summary: 'report what waits for whom, how people decide, and which agents ask too much',
  details: [
    'Faster than reading: the vote came sooner after the review was first shown than its words take to read. It says that somebody can’t have read all of it, never that somebody has.',
  ],
  options: ['since', 'until'],
  remote: true,
  run: async ({ client, invocation, output, system }) => {
    const report = await client().attention(whenOf(invocation, system.nowMs()));
    output.result(report, (style) => renderAttention(report, style));
  },
};
