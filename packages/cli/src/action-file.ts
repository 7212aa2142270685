import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { ForeseenActionRequest } from '@sallyport/sdk/contract';
import { Failure } from './failure.ts';

/** More than any gateway reads of a request. */
const MOST_CHARACTERS = 4_000_000;

/**
 * An action as an agent would submit it, from a file, or from standard input for `-`. Only looks whether it is JSON: what
 * is wrong with it the gateway says.
 */
export async function readAction(file: string): Promise<ForeseenActionRequest['action']> {
  const content = await contentOf(file);
  if (content.length > MOST_CHARACTERS)
    throw new Failure('usage', 'action.too_large', `${nameOf(file)} is too large`);
  try {
    return JSON.parse(content) as ForeseenActionRequest['action'];
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new Failure('usage', 'action.not_json', `${nameOf(file)} is not JSON: ${why}`);
  }
}

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

async function contentOf(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new Failure('not_found', 'file.unreadable', `${file} can’t be read`);
  }
}
