import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './steps.ts';

/** A file that is made from the code: its path in the repository, and what it must hold. */
export interface Generated {
  readonly path: string;
  readonly content: string;
}

/** Writes the files, or with `--check` fails where one is not what the code says. */
export function writeOrCheck(files: readonly Generated[], script: string): void {
  const check = process.argv.includes('--check');
  for (const { path, content } of files) {
    if (!check) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    } else if (read(join(root, path)) !== content) {
      process.stdout.write(
        `${path} is not what the code says: node --conditions=sallyport-source ${script}\n`,
      );
      process.exitCode = 1;
    }
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
