/** The tables of the embedded store, by version. */
import type { Database } from 'better-sqlite3';
import { completeRows } from './earlier-rows.ts';

/**
 * `bundles`: one row for each run of entries that was committed together. `high_action`: the greatest action id up to
 * and including this bundle, by which the entries of an action are found (ids sort by time). The small columns come
 * first, so that a search does not touch the pages of the large ones. `heads` is as in the arena.
 * `indexed`: the entries that such a search would not find, or not soon: see entries.ts.
 */
const SCHEMA = `
  CREATE TABLE bundles (
    first_index INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    high_action TEXT NOT NULL,
    heads BLOB NOT NULL,
    hashes BLOB NOT NULL,
    leaves BLOB NOT NULL,
    asides BLOB NOT NULL
  ) STRICT;
  CREATE TABLE indexed (
    action TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (action, entry)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE reviews (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    agent TEXT NOT NULL,
    binding TEXT NOT NULL,
    review TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX reviews_pending ON reviews (binding) WHERE status = 'pending';
  CREATE INDEX reviews_by_status ON reviews (status, id);
  CREATE INDEX reviews_by_agent ON reviews (agent, id);
  CREATE TABLE grants (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    binding TEXT NOT NULL,
    "grant" TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX grants_live ON grants (binding, id) WHERE status = 'live';
  CREATE TABLE shapes (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    shape TEXT NOT NULL
  ) STRICT;
  CREATE TABLE usage (
    hour_ms INTEGER NOT NULL,
    shape INTEGER NOT NULL,
    status TEXT NOT NULL,
    actions INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (hour_ms, shape, status)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tiles (
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, position)
  ) STRICT;
  CREATE TABLE checkpoint (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE recovery (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    recover_from INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE scratch (filler BLOB) STRICT;
`;

/** Standing grants. */
const STANDINGS = `
  CREATE TABLE standings (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    agent TEXT NOT NULL,
    standing TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX standings_by_agent ON standings (agent, status, id);
`;

/** Actions submitted over the API with the keys of their requests, and people's passkeys. */
const SUBMISSIONS_AND_PASSKEYS = `
  CREATE TABLE IF NOT EXISTS submissions (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    kept_until_ms INTEGER NOT NULL,
    submission TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS submissions_granted ON submissions (id) WHERE status = 'granted';
  CREATE INDEX IF NOT EXISTS submissions_kept ON submissions (kept_until_ms);
  CREATE TABLE IF NOT EXISTS request_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    request TEXT NOT NULL,
    PRIMARY KEY (principal, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS request_keys_over ON request_keys (expires_at_ms);
  CREATE TABLE IF NOT EXISTS passkeys (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    credential TEXT NOT NULL UNIQUE,
    registration INTEGER NOT NULL,
    passkey TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS passkeys_by_identity ON passkeys (identity, id);
`;

/** What looks alike, who was shown what and when, and who decided how. An older review is a group of its own. */
const ATTENTION = `
  ALTER TABLE reviews ADD COLUMN shape TEXT NOT NULL DEFAULT '';
  UPDATE reviews SET
    shape = json_extract(review, '$.subject.digest'),
    review = json_set(review, '$.shape', json_extract(review, '$.subject.digest'));
  CREATE INDEX reviews_by_shape ON reviews (shape, id);
  CREATE INDEX reviews_pending_shapes ON reviews (agent, shape, id) WHERE status = 'pending';
  CREATE TABLE showings (
    review TEXT NOT NULL,
    identity TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (review, identity)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE judgments (
    at_ms INTEGER NOT NULL,
    identity TEXT NOT NULL,
    review TEXT NOT NULL,
    person TEXT NOT NULL,
    kind TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    words INTEGER NOT NULL,
    shown_at_ms INTEGER,
    PRIMARY KEY (at_ms, identity, review)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX judgments_by_identity ON judgments (identity, kind, at_ms);
`;

/** Uses of break-glass, each with the review that it owes. `open` is 1 until that is closed. */
const BREAK_GLASS = `
  CREATE TABLE break_glass (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    open INTEGER NOT NULL,
    use TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX break_glass_open ON break_glass (identity) WHERE open = 1;
`;

/**
 * Sealed values. `subjects`: whose values there are; `slot` is that of the key in use. `value_keys`: every key that a
 * subject had. `vault`: the slots of the keys that belong to no subject, and by what the master key is known again;
 * without its row the values are in plain text (sealing.ts). `scrub`: what earlier commits left in the files is to be
 * overwritten.
 */
const SEALED = `
  CREATE TABLE subjects (
    id INTEGER PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    person TEXT NOT NULL,
    slot INTEGER
  ) STRICT;
  CREATE INDEX subjects_by_agent ON subjects (agent);
  CREATE INDEX subjects_by_person ON subjects (person);
  CREATE TABLE value_keys (
    slot INTEGER PRIMARY KEY,
    subject INTEGER NOT NULL,
    erased_at_ms INTEGER,
    destroyed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX value_keys_by_subject ON value_keys (subject);
  CREATE INDEX value_keys_due ON value_keys (slot) WHERE erased_at_ms IS NOT NULL AND destroyed = 0;
  CREATE TABLE vault (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    journal_slot INTEGER NOT NULL,
    index_slot INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    scrub TEXT NOT NULL
  ) STRICT;
  CREATE TABLE handovers (entry INTEGER PRIMARY KEY) STRICT;
  ALTER TABLE reviews ADD COLUMN sealed BLOB;
  ALTER TABLE reviews ADD COLUMN subject INTEGER;
  ALTER TABLE grants ADD COLUMN sealed BLOB;
  ALTER TABLE grants ADD COLUMN subject INTEGER;
  ALTER TABLE standings ADD COLUMN sealed BLOB;
  ALTER TABLE standings ADD COLUMN subject INTEGER;
  ALTER TABLE submissions ADD COLUMN sealed BLOB;
  ALTER TABLE submissions ADD COLUMN subject INTEGER;
  ALTER TABLE break_glass ADD COLUMN sealed BLOB;
  ALTER TABLE break_glass ADD COLUMN subject INTEGER;
  ALTER TABLE request_keys ADD COLUMN sealed BLOB;
`;

/**
 * What reviews are listed by, as columns: an index over expressions reads the rows of this kind of table all the same.
 * `reviews_listed` has everything that a list can be asked for, in its order.
 */
const LISTED = `
  ALTER TABLE reviews ADD COLUMN session TEXT NOT NULL DEFAULT '';
  ALTER TABLE reviews ADD COLUMN target TEXT NOT NULL DEFAULT '';
  ALTER TABLE reviews ADD COLUMN risk REAL NOT NULL DEFAULT 0;
  UPDATE reviews SET
    session = json_extract(review, '$.subject.requester.session'),
    target = json_extract(review, '$.subject.target.name'),
    risk = json_extract(review, '$.subject.risk.score');
  DROP INDEX IF EXISTS reviews_by_session;
  CREATE INDEX reviews_of_session ON reviews (session, status, id);
  CREATE INDEX reviews_listed ON reviews (id, status, agent, shape, session, target, risk);
`;

/**
 * Canaries: `canary` holds what makes one of an ordinary review, and is empty when that has been said. `canary_plan`: when
 * the next one is due.
 */
const CANARIES = `
  CREATE TABLE canaries (
    action TEXT PRIMARY KEY,
    opened_at_ms INTEGER NOT NULL,
    open INTEGER NOT NULL,
    review TEXT NOT NULL,
    canary TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX canaries_opened ON canaries (opened_at_ms);
  CREATE INDEX canaries_open ON canaries (action) WHERE open = 1;
  CREATE TABLE canary_plan (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    due_at_ms INTEGER NOT NULL
  ) STRICT;
  ALTER TABLE judgments ADD COLUMN canary INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX judgments_of_review ON judgments (review);
`;

/** Delegations and changes of policy. */
const GOVERNANCE = `
  CREATE TABLE governance (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX governance_by_kind ON governance (kind, id);
`;

/**
 * What is to be sent about reviews, in the order of `position`, and what each destination shows. Names of reviews and
 * destinations, and nothing of a subject's values: those are read when it is sent.
 */
const DELIVERIES = `
  CREATE TABLE deliveries (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    destination TEXT NOT NULL,
    review TEXT NOT NULL,
    state TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    buried INTEGER,
    delivery TEXT NOT NULL
  ) STRICT;
  CREATE INDEX deliveries_waiting ON deliveries (channel, destination, review, position) WHERE state = 'waiting';
  CREATE INDEX deliveries_by_state ON deliveries (state, position);
  CREATE INDEX deliveries_buried ON deliveries (buried) WHERE buried IS NOT NULL;
  CREATE TABLE messages (
    channel TEXT NOT NULL,
    destination TEXT NOT NULL,
    review TEXT NOT NULL,
    reference TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (channel, destination, review)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * The first delivery of each review that waits for a destination is its head: what is next is found among heads alone, by
 * an index. Messages that stand for many reviews.
 */
const GROUPS = `
  ALTER TABLE deliveries ADD COLUMN urgency INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE deliveries ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
  UPDATE deliveries SET urgency = CASE json_extract(delivery, '$.notice.kind')
    WHEN 'escalate' THEN 2 WHEN 'question' THEN 2 WHEN 'answer' THEN 2 WHEN 'open' THEN 1 WHEN 'remind' THEN 1 ELSE 0 END;
  UPDATE deliveries SET head = 1 WHERE position IN (
    SELECT min(position) FROM deliveries WHERE state = 'waiting' GROUP BY channel, destination, review
  );
  CREATE UNIQUE INDEX deliveries_head ON deliveries (channel, destination, review) WHERE head = 1;
  CREATE INDEX deliveries_urgent ON deliveries (channel, destination, urgency DESC, position, not_before_ms) WHERE head = 1;
  CREATE INDEX deliveries_in_turn ON deliveries (channel, destination, position, not_before_ms) WHERE head = 1;
  CREATE INDEX deliveries_soonest ON deliveries (channel, destination, not_before_ms) WHERE head = 1;
  ALTER TABLE messages ADD COLUMN grouped TEXT;
  ALTER TABLE messages ADD COLUMN counted TEXT;
  CREATE INDEX messages_grouped ON messages (grouped, counted, review) WHERE grouped IS NOT NULL;
  CREATE TABLE message_groups (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    destination TEXT NOT NULL,
    message_group TEXT NOT NULL
  ) STRICT;
  CREATE INDEX message_groups_of_destination ON message_groups (channel, destination, position);
`;

/** People's accounts in chats, as they have said themselves. */
const CHAT_LINKS = `
  CREATE TABLE chat_links (
    platform TEXT NOT NULL,
    tenant TEXT NOT NULL,
    user TEXT NOT NULL,
    person TEXT NOT NULL,
    link TEXT NOT NULL,
    PRIMARY KEY (platform, tenant, user)
  ) STRICT, WITHOUT ROWID;
`;

/** Nothing here: records of the journal have zeros behind them, which an earlier release doesn't know. */
const PADDED_JOURNAL = '';

/** What each version has beyond the one before; a version never changes. */
export const VERSIONS: readonly (string | ((database: Database) => void))[] = [
  SCHEMA,
  STANDINGS,
  SUBMISSIONS_AND_PASSKEYS,
  ATTENTION,
  BREAK_GLASS,
  completeRows,
  SEALED,
  LISTED,
  CANARIES,
  GOVERNANCE,
  DELIVERIES,
  CHAT_LINKS,
  PADDED_JOURNAL,
  GROUPS,
];
