import type { Result } from '../../../core/result.ts';
import { BodyReader, type WireFault } from '../wire/reader.ts';

/** One column of a result. `table` and `column` are 0 where it is computed. */
export interface Field {
  readonly name: string;
  readonly table: number;
  readonly column: number;
  readonly type: number;
  readonly modifier: number;
}

const bodyAt = 5;
/** OID, number, type, size, modifier and format behind each name. */
const fieldBytes = 18;

/** "RowDescription". */
export function parseRowDescription(message: Buffer): Result<readonly Field[], WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const count = reader.count(fieldBytes);
  const fields: Field[] = [];
  for (let at = 0; at < count && reader.fault === null; at += 1) {
    const name = reader.text();
    const table = reader.uint32();
    const column = reader.uint16();
    const type = reader.uint32();
    reader.uint16();
    const modifier = reader.int32();
    reader.uint16();
    fields.push({ name, table, column, type, modifier });
  }
  return reader.finish(fields);
}

/** "DataRow" of a result in text format. */
export function parseDataRow(message: Buffer): Result<readonly (string | null)[], WireFault> {
  const reader = new BodyReader(message, bodyAt);
  const count = reader.count(4);
  const values: (string | null)[] = [];
  for (let at = 0; at < count && reader.fault === null; at += 1) {
    const length = reader.int32();
    values.push(length === -1 ? null : reader.bytes(length).toString('utf8'));
  }
  return reader.finish(values);
}
