/** Readers of members of a leaf: each refuses what the format doesn't have. */
import type { JsonValue } from './canonical.ts';

export type JsonObject = Readonly<Record<string, JsonValue>>;

/** Thrown by these readers where a member is not what the format demands; caught where a leaf is decoded. */
export class Malformed extends Error {}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectAt(from: JsonObject, name: string): JsonObject {
  const value = from[name];
  if (!isObject(value)) throw new Malformed(name);
  return value;
}

export function listAt(from: JsonObject, name: string): readonly JsonValue[] {
  const value = from[name];
  if (!Array.isArray(value)) throw new Malformed(name);
  return value as readonly JsonValue[];
}

export function textAt(from: JsonObject, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new Malformed(name);
  return value;
}

/** Names and ids: text that is there. */
export function nameAt(from: JsonObject, name: string): string {
  const value = textAt(from, name);
  if (value === '') throw new Malformed(name);
  return value;
}

export function optionalNameAt(from: JsonObject, name: string): string | null {
  return from[name] === undefined || from[name] === null ? null : nameAt(from, name);
}

/** A list of names; empty where there is none. */
export function namesAt(from: JsonObject, name: string): readonly string[] {
  return from[name] === undefined ? [] : textsAt(from, name);
}

export function textsAt(from: JsonObject, name: string): readonly string[] {
  const list = listAt(from, name);
  if (!list.every((each) => typeof each === 'string')) throw new Malformed(name);
  return list;
}

export function objectsAt(from: JsonObject, name: string): readonly JsonObject[] {
  const list = listAt(from, name);
  if (!list.every(isObject)) throw new Malformed(name);
  return list;
}

export function wordAt<W extends string>(from: JsonObject, name: string, words: readonly W[]): W {
  const word = words.find((known) => known === from[name]);
  if (word === undefined) throw new Malformed(name);
  return word;
}

export function numberAt(from: JsonObject, name: string): number {
  const value = from[name];
  if (typeof value !== 'number' || value < 0) throw new Malformed(name);
  return value;
}

export function countAt(from: JsonObject, name: string): number {
  const value = numberAt(from, name);
  if (!Number.isSafeInteger(value)) throw new Malformed(name);
  return value;
}
