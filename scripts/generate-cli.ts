import { commands } from '../packages/cli/src/commands/index.ts';
import { reference } from '../packages/cli/src/help.ts';
import { writeOrCheck } from './generated.ts';

writeOrCheck([{ path: 'docs/reference/cli.md', content: reference(commands) }], 'scripts/generate-cli.ts');
