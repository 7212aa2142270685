/** What every tool of `sallyport policy` is: a command without a gateway, on files alone. */

/** How a tool ends. Codes never change their meaning; main.ts hands them to the shell. */
export const toolExits = {
  /** Nothing to say. */
  fine: 0,
  /** The command line was not understood, or a file that it names is not there. */
  usage: 1,
  /** The configuration or the policies are refused: a gateway would not take them. */
  refused: 2,
  /** It ran, and what it looked at is not as it should be: a warning, a failed case. */
  found: 6,
} as const;
export type ToolExit = (typeof toolExits)[keyof typeof toolExits];

export interface ToolResult {
  readonly exit: ToolExit;
  /** For programs. */
  readonly value: object;
  /** For people, without a line break at its end. */
  readonly text: string;
}

export interface ToolOptions {
  /** Null: `sallyport.yaml`, if it is there. */
  readonly config: string | null;
  /** Null: the directory that the configuration names, or the policies that come with Sallyport. */
  readonly dir: string | null;
  readonly draft: string | null;
  readonly sql: string | null;
  readonly agent: string | null;
  readonly target: string | null;
  readonly since: string | null;
  /** What is left of the command line. */
  readonly words: readonly string[];
  /** Lines that are piped into the tool. */
  readonly input: () => AsyncIterable<string>;
  readonly nowMs: number;
}

export type Tool = (options: ToolOptions) => Promise<ToolResult>;

/** A tool that can't do its work; `problems` are for people, a line each. */
export class ToolFailure extends Error {
  readonly exit: ToolExit;
  readonly problems: readonly string[];

  constructor(exit: ToolExit, problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ToolFailure';
    this.exit = exit;
    this.problems = problems;
  }
}

export const usageFailure = (problem: string): ToolFailure => new ToolFailure(toolExits.usage, [problem]);
