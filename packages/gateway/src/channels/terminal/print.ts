/** Where the terminal channel shows what is told: beside the log, and never among a program's results. */
export const printToTerminal = (text: string): void => void process.stderr.write(text);
