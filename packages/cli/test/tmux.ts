import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const bin = new URL('../bin/sallyport.js', import.meta.url).pathname;
const deadlineMs = 20_000;
const pollMs = 50;

export interface PaneOptions {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly width?: number;
  readonly height?: number;
}

let panes = 0;

/** The command line in a real terminal; when it has ended, the shell says with which code. */
export class Pane {
  readonly #server = `sallyport-${process.pid}-${(panes += 1)}`;

  constructor({ args, environment, width = 80, height = 24 }: PaneOptions) {
    const node = [process.execPath, '--conditions=sallyport-source', bin, ...args].map(quote).join(' ');
    const script = `${node}; echo "left with $?"; stty -a; exec sleep 60`;
    const set = Object.entries({ ...environment, LC_ALL: 'C.UTF-8' }).map(
      ([name, value]) => `${name}=${value}`,
    );
    const size = ['-x', String(width), '-y', String(height)];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, 'env', ...set, 'sh', '-c', script);
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#server, ...args], { encoding: 'utf8' });
  }

  get text(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** `alternate_on`, `cursor_flag` and the like, as tmux's manual names them. */
  state(name: string): string {
    return this.#tmux('display-message', '-p', `#{${name}}`).trim();
  }

  /** One at a time, as a person presses them. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#tmux('send-keys', key);
      await sleep(pollMs);
    }
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  /** Sends a signal to the command line, which is the shell's child. */
  kill(signal: NodeJS.Signals): void {
    const shell = this.state('pane_pid');
    const child = execFileSync('ps', ['-o', 'pid=', '--ppid', shell], { encoding: 'utf8' });
    process.kill(Number(child.trim()), signal);
  }

  async until(pattern: RegExp): Promise<string> {
    const giveUpMs = performance.now() + deadlineMs;
    for (;;) {
      const { text } = this;
      if (pattern.test(text)) return text;
      if (performance.now() > giveUpMs) throw new Error(`waited in vain for ${String(pattern)} in\n${text}`);
      await sleep(pollMs);
    }
  }

  close(): void {
    this.#tmux('kill-server');
  }
}

const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
