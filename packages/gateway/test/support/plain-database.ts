import Database from 'better-sqlite3';

export interface PlainDatabase {
  /** So many rows in one commit, which is durable when it returns. */
  insert(leaf: string, times: number): void;
  close(): void;
}

/** What SQLite does by itself, with nothing of ours around it: a yardstick. */
export function openPlainDatabase(path: string): PlainDatabase {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE entries (number INTEGER PRIMARY KEY, leaf TEXT NOT NULL)');
  const statement = database.prepare('INSERT INTO entries (leaf) VALUES (?)');
  const batch = database.transaction((leaf: string, times: number) => {
    for (let at = 0; at < times; at++) statement.run(leaf);
  });
  return { insert: batch, close: () => database.close() };
}
