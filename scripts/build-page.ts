// Builds the verifier as one page: node scripts/build-page.ts [FILE]. Everything is inside of it, and the policy of the
// page allows this script and this style and nothing else: no network, no frames, no forms.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { root } from './steps.ts';

const source = join(root, 'packages', 'verifier', 'page');

const sourceOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;

async function script(): Promise<string> {
  const { output } = await build({
    input: join(source, 'page.ts'),
    platform: 'browser',
    output: { format: 'iife', minify: true },
    write: false,
  });
  // The end of a script is found by its letters, wherever they stand.
  return output[0].code.trim().replaceAll('</script', '<\\/script');
}

export async function buildPage(): Promise<string> {
  const code = await script();
  const style = readFileSync(join(source, 'page.css'), 'utf8').trim();
  const policy = `default-src 'none'; script-src ${sourceOf(code)}; style-src ${sourceOf(style)}; base-uri 'none'; form-action 'none'`;
  const template = readFileSync(join(source, 'index.html'), 'utf8');
  const parts: Readonly<Record<string, string>> = {
    POLICY: policy,
    '<!-- STYLE -->': `<style>${style}</style>`,
    '<!-- SCRIPT -->': `<script>${code}</script>`,
  };
  return template.replace(/POLICY|<!-- (?:STYLE|SCRIPT) -->/g, (name) => parts[name] ?? '');
}

if (import.meta.main) {
  const file = process.argv[2] ?? join(root, 'packages', 'verifier', 'dist', 'verify.html');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await buildPage());
}
