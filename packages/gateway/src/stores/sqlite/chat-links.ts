import type { Database, Statement } from 'better-sqlite3';
import type { ChatLink } from '../../core/chat-link.ts';
import type { StoreRefusal } from '../store.ts';

type Key = [platform: string, tenant: string, user: string];

const keyOf = ({ account: { platform, tenant, user } }: ChatLink): Key => [platform, tenant, user];

/** Whose account in a chat is whose. */
export class ChatLinks {
  readonly #all: Statement<[], { readonly link: string }>;
  readonly #insert: Statement<[...Key, string, string]>;
  readonly #delete: Statement<[...Key, string]>;

  constructor(database: Database) {
    this.#all = database.prepare('SELECT link FROM chat_links ORDER BY platform, tenant, user');
    this.#insert = database.prepare(
      'INSERT INTO chat_links (platform, tenant, user, person, link) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#delete = database.prepare(
      'DELETE FROM chat_links WHERE platform = ? AND tenant = ? AND user = ? AND person = ?',
    );
  }

  read(): ChatLink[] {
    // What is stored was a value of the type when it was written, here.
    return this.#all.all().map(({ link }) => JSON.parse(link) as ChatLink);
  }

  put(link: ChatLink): StoreRefusal | null {
    const { changes } = this.#insert.run(...keyOf(link), link.person, JSON.stringify(link));
    return changes === 1 ? null : { code: 'chat_link.taken' };
  }

  remove(link: ChatLink): StoreRefusal | null {
    const { changes } = this.#delete.run(...keyOf(link), link.person);
    return changes === 1 ? null : { code: 'chat_link.missing' };
  }
}
