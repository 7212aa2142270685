import { parseArgs } from 'node:util';
import { check } from './check.ts';
import { diff } from './diff.ts';
import { explain } from './explain.ts';
import { observe } from './observe.ts';
import { pack } from './pack.ts';
import { replay } from './replay.ts';
import { test } from './test.ts';
import { whoCanApprove } from './who-can-approve.ts';
import { ToolFailure, toolExits, type Tool, type ToolOptions } from './tool.ts';

/** Every tool, by the words that name it. */
const tools: Readonly<Record<string, Tool>> = {
  check,
  test,
  explain,
  'who-can-approve': whoCanApprove,
  replay,
  observe,
  diff,
  pack,
};

/** What the process lends to a tool. */
export interface ToolSurroundings {
  readonly nowMs: number;
  readonly input: () => AsyncIterable<string>;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

const text = { type: 'string' } as const;

/** `policy …`, to its exit code. Rejects only for bugs. */
export async function runTool(args: readonly string[], surroundings: ToolSurroundings): Promise<number> {
  const json = args.includes('--json');
  try {
    const { tool, options } = readOptions(args, surroundings);
    const result = await tool(options);
    surroundings.print(json ? JSON.stringify(result.value) : result.text);
    return result.exit;
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    if (json) surroundings.print(JSON.stringify({ error: { problems: error.problems } }));
    else for (const problem of error.problems) surroundings.complain(problem);
    return error.exit;
  }
}

function readOptions(
  args: readonly string[],
  { nowMs, input }: ToolSurroundings,
): { readonly tool: Tool; readonly options: ToolOptions } {
  const { values, positionals } = parse(args);
  const [name = '', ...words] = positionals;
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool === undefined) {
    const names = Object.keys(tools).join(', ');
    throw new ToolFailure(toolExits.usage, [
      `there is no policy tool ${JSON.stringify(name)}; there are ${names}`,
    ]);
  }
  const given = (option: string): string | null => {
    const value = values[option];
    return typeof value === 'string' ? value : null;
  };
  const options = {
    config: given('config'),
    dir: given('dir'),
    draft: given('draft'),
    sql: given('sql'),
    agent: given('agent'),
    target: given('target'),
    since: given('since'),
    words,
    input,
    nowMs,
  };
  return { tool, options };
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: text,
        dir: text,
        draft: text,
        sql: text,
        agent: text,
        target: text,
        since: text,
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new ToolFailure(toolExits.usage, [error instanceof Error ? error.message : String(error)]);
  }
}
