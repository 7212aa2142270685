import { describe, expect, it } from 'vitest';
import { describeRoutes } from './document.ts';
import { routes } from './routes.ts';

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly 'x-policy-action'?: string;
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
  }[];
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const document = JSON.parse(JSON.stringify(describeRoutes(routes))) as Document;
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.values(item).map((operation) => ({ path, operation })),
);

/** Every `$ref` of a document. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}

describe('the OpenAPI document', () => {
  it('is of version 3.1 and describes every route of the table', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(operations.map(({ operation }) => operation.operationId).toSorted()).toEqual(
      routes.map((route) => route.name).toSorted(),
    );
  });

  it('refers only to what it defines', () => {
    const defined = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
    const references = new Set(referencesIn(document));
    expect(references.size).toBeGreaterThan(10);
    expect([...references].filter((reference) => !defined.includes(reference))).toEqual([]);
  });

  it('names no operation twice', () => {
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it.each(operations)('$path declares each parameter of its path as required', ({ path, operation }) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name, required }) => [name, required])).toEqual(named.map((name) => [name, true]));
  });

  it.each(operations)('$path describes each of its answers', ({ operation }) => {
    const responses = Object.entries(operation.responses);
    expect(responses.every(([status, { description }]) => /^[1-5]\d\d$/.test(status) && description)).toBe(
      true,
    );
  });

  it.each(operations)('$path names its policy action, or asks for no credential', ({ operation }) => {
    expect(operation.security.length > 0).toBe(operation['x-policy-action'] !== undefined);
  });
});
