import { copyFile, readdir, readFile } from 'node:fs/promises';
import { constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { packDirectory } from '../config/material.ts';
import { createPolicyEngine } from '../policy/engine.ts';
import { nearest } from '../policy/nearest.ts';
import { formatPolicyProblem } from '../policy/problems.ts';
import { CASE_ENDING } from './case-files.ts';
import { directoryOf, namesOf, readConfiguration, readPolicies, shown } from './sources.ts';
import {
  ToolFailure,
  toolExits,
  usageFailure,
  type Tool,
  type ToolOptions,
  type ToolResult,
} from './tool.ts';

/** Beside the policies that come with Sallyport, a folder each; only what is copied from there is in force. */
const packs = join(packDirectory, 'packs');

async function names(): Promise<readonly string[]> {
  const found = await readdir(packs, { withFileTypes: true });
  return found
    .filter((each) => each.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The first line of a pack's page. */
async function titleOf(name: string): Promise<string> {
  const page = await readFile(join(packs, name, 'README.md'), 'utf8');
  return page.split('\n', 1)[0]?.replace(/^# /, '') ?? name;
}

async function list(): Promise<ToolResult> {
  const found = await Promise.all(
    (await names()).map(async (name) => ({ name, title: await titleOf(name) })),
  );
  const width = Math.max(...found.map(({ name }) => name.length));
  return {
    exit: toolExits.fine,
    value: { directory: packs, packs: found },
    text: [
      ...found.map(({ name, title }) => `${name.padEnd(width)}  ${title}`),
      `Pages: ${shown(packs)}/NAME/README.md`,
    ].join('\n'),
  };
}

/** Copies a pack's rules and cases, if the directory is still one that a gateway takes afterwards; else nothing. */
async function add(options: ToolOptions, name: string): Promise<ToolResult> {
  const known = await names();
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    const hint = meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`;
    throw usageFailure(`there is no pack ${JSON.stringify(name)}; ${hint}`);
  }
  const configuration = await readConfiguration(options);
  const directory = directoryOf(options, configuration);
  if (directory === packDirectory)
    throw usageFailure(
      'the policies in force are those that come with Sallyport: name a directory of your own in policies.directory, or with --dir',
    );
  const files = [`${name}.cedar`, `${name}${CASE_ENDING}`];
  const there = files.filter((file) => existsSync(join(directory, file)));
  if (there.length > 0)
    throw usageFailure(`${shown(directory)} has ${there.join(' and ')} already: remove it first`);
  const policies = [...(await readPolicies(directory)), ...(await readPolicies(join(packs, name)))];
  const engine = await createPolicyEngine({ policies, names: namesOf(configuration) });
  if (!engine.ok)
    throw new ToolFailure(toolExits.refused, [
      'nothing was copied:',
      ...engine.error.map(formatPolicyProblem),
    ]);
  for (const file of files)
    await copyFile(join(packs, name, file), join(directory, file), constants.COPYFILE_EXCL);
  const page = shown(join(packs, name, 'README.md'));
  return {
    exit: toolExits.fine,
    value: { directory, pack: name, files, page },
    text: `${files.join(' and ')} are in ${shown(directory)}; what they hold and why: ${page}`,
  };
}

/** Packs of rules for one purpose each: `pack list`, `pack add NAME`. */
export const pack: Tool = async (options) => {
  const [verb, name, ...more] = options.words;
  if (verb === 'list' && name === undefined) return list();
  if (verb === 'add' && name !== undefined && more.length === 0) return add(options, name);
  throw usageFailure('write: pack list, or pack add NAME');
};
