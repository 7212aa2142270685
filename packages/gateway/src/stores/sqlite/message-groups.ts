import type { Database, Statement } from 'better-sqlite3';
import type { ReviewId } from '../../core/ids.ts';
import type { MessageGroup } from '../../core/message-group.ts';
import type { Reads } from '../store.ts';

/** Messages that stand for many reviews. Which reviews, the messages say (deliveries.ts). */
export class MessageGroups {
  readonly #one: Statement<[string], string>;
  readonly #last: Statement<[string, string], string>;
  readonly #put: Statement<[string, string, string, string]>;
  readonly #pending: Statement<[string, number], ReviewId>;

  constructor(database: Database) {
    this.#one = database
      .prepare<[string], string>('SELECT message_group FROM message_groups WHERE id = ?')
      .pluck();
    this.#last = database
      .prepare<[string, string], string>(
        'SELECT message_group FROM message_groups WHERE channel = ? AND destination = ? ORDER BY position DESC LIMIT 1',
      )
      .pluck();
    this.#put = database.prepare(
      `INSERT INTO message_groups (id, channel, destination, message_group) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET message_group = excluded.message_group`,
    );
    this.#pending = database
      .prepare<[string, number], ReviewId>(
        `SELECT review FROM messages WHERE grouped = ? AND counted = 'pending' ORDER BY review LIMIT ?`,
      )
      .pluck();
  }

  read(id: string): MessageGroup | null {
    return parse(this.#one.get(id));
  }

  last({ channel, destination }: Reads['lastGroup']['ask']): MessageGroup | null {
    return parse(this.#last.get(channel, destination));
  }

  pending({ id, limit }: Reads['groupPending']['ask']): readonly ReviewId[] {
    return this.#pending.all(id, limit);
  }

  put(group: MessageGroup): null {
    this.#put.run(group.id, group.channel, group.destination, JSON.stringify(group));
    return null;
  }
}

// What is stored as JSON was a value of the type when it was written, here.
const parse = (text: string | undefined): MessageGroup | null =>
  text === undefined ? null : (JSON.parse(text) as MessageGroup);
