import { commands } from '../packages/cli/src/commands/index.ts';
import { reference } from '../packages/cli/src/help.ts';
import { writeOrCheck } from './generated.ts';
import { screenPicture } from './screen-picture.ts';

writeOrCheck(
  [
    { path: 'docs/reference/cli.md', content: reference(commands) },
    { path: 'docs/images/reviews-watch.svg', content: screenPicture() },
  ],
  'scripts/generate-cli.ts',
);
