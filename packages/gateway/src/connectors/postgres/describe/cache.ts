import type { RawStmt } from 'libpg-query';
import { tokenise, type Template } from './lexer.ts';
import { valuePositions } from './value-positions.ts';
import type { DescribedStatement, SessionContext } from './types.ts';

/** Each holds a few kilobytes; a program has some hundreds of different statements. */
const maxEntries = 4_096;
/** Longer texts are rarely repeated, and would make the memory of a full cache large. */
const maxTextLength = 16_384;
/** Search paths in use at one time; sessions with another one have what they describe kept for themselves. */
const maxPaths = 64;

/** Keeps what was used of late: what a whole generation of new entries did not touch is dropped. */
class Recent<V> {
  private young = new Map<string, V>();
  private old = new Map<string, V>();

  get(key: string): V | undefined {
    const found = this.young.get(key);
    if (found !== undefined) return found;
    const kept = this.old.get(key);
    if (kept !== undefined) this.set(key, kept);
    return kept;
  }

  set(key: string, value: V): void {
    if (this.young.size >= maxEntries / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }
}

/** A statement that differs only in literals whose values its description doesn't depend on. */
interface Pattern {
  /** Literals that stay part of the key, by their number. */
  readonly kept: readonly number[];
  /** The statement, where no literal stays part of the key. */
  readonly statement: DescribedStatement | null;
}

/** What was described under one search path. */
export class Shelf {
  private readonly texts = new Recent<readonly DescribedStatement[]>();
  private readonly patterns = new Recent<Pattern>();
  private readonly variants = new Recent<DescribedStatement>();

  find(sql: string): readonly DescribedStatement[] | null {
    const template = sql.length > maxTextLength ? null : tokenise(sql);
    const pattern = template && this.patterns.get(template.key);
    if (!pattern) return this.texts.get(sql) ?? null;
    const known = pattern.statement ?? this.variants.get(variantKey(template, pattern.kept, sql));
    return known ? [{ text: sql, description: known.description, effects: known.effects }] : null;
  }

  store(sql: string, statements: readonly DescribedStatement[], tree: readonly RawStmt[]): void {
    if (sql.length > maxTextLength) return;
    const [statement] = statements;
    const template = statements.length === 1 ? tokenise(sql) : null;
    const positions = template && valuePositions(tree, sql);
    if (!template || !statement || !positions) {
      this.texts.set(sql, statements);
      return;
    }
    const kept = template.starts.flatMap((start, i) => (positions.has(start) ? [] : [i]));
    this.patterns.set(template.key, { kept, statement: kept.length === 0 ? statement : null });
    if (kept.length > 0) this.variants.set(variantKey(template, kept, sql), statement);
  }
}

/** Signs that no text with a template holds keep the parts of the key apart. */
function variantKey(template: Template, kept: readonly number[], sql: string): string {
  return `${template.key}\x05${kept.map((i) => sql.slice(template.starts[i], template.ends[i])).join('\x05')}`;
}

/**
 * Descriptions by text, for one catalog version. A session whose names don't mean what the catalog says (temporary
 * relations, an uncertain search path, DDL under way, other string rules) gets no shelf.
 */
export class DescriptionCache {
  private readonly byPath = new Map<string, Shelf>();
  private readonly byArray = new WeakMap<readonly string[], Shelf>();

  shelf(session: SessionContext): Shelf | null {
    const path = session.searchPath;
    if (!path || session.catalogStale || session.temporary.size > 0 || !session.standardConformingStrings)
      return null;
    const known = this.byArray.get(path);
    if (known) return known;
    const key = JSON.stringify(path);
    const shelf = this.byPath.get(key) ?? new Shelf();
    if (this.byPath.size < maxPaths) this.byPath.set(key, shelf);
    this.byArray.set(path, shelf);
    return shelf;
  }
}
