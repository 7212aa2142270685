import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { visible } from '@sallyport/sdk';
import { describe, expect, test } from 'vitest';
import { createFake } from '../../test/api-fake.ts';
import { createApi } from './api.ts';
import { pages } from './pages.ts';

const folder = new URL('../../pages/', import.meta.url);
const app = createApi(createFake().deps);
const script = async <T>(name: string): Promise<T> => (await import(new URL(name, folder).href)) as T;

describe('the pages for passkeys', () => {
  test.each(pages.map(({ path, answer }) => [path.replace('{id}', 'rev_1'), answer.contentType] as const))(
    '%s runs nothing but its own files',
    async (path, contentType) => {
      const response = await app.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(`${contentType}; charset=utf-8`);
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  test('have no script or style of their own inside, and load nothing from elsewhere', () => {
    for (const name of readdirSync(folder)) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      expect(text, name).not.toMatch(/https?:\/\//);
      expect(text, name).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b/);
      expect(text, name).not.toMatch(/localStorage|sessionStorage|indexedDB|document\.cookie/);
      if (name.endsWith('.html'))
        expect(text, name).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|style=/);
    }
  });

  test('every file of them is served, and nothing else', async () => {
    const served = pages.map(({ path }) => path.replace(/^.*\//, ''));
    for (const name of readdirSync(folder).filter((each) => !each.endsWith('.html')))
      expect(served).toContain(name);
    expect((await app.request('/pages/..%2fpackage.json')).status).toBe(404);
  });

  test('make visible what the command line makes visible (law 9)', async () => {
    const page = await script<{ visible(text: string): string }>('visible.js');
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.stringMatching(/^[a-zа-яα-ω⟨⟩\u202e\u200b\u00a0“”–' \n]{0,40}$/u),
    );
    fc.assert(
      fc.property(text, (given) => {
        expect(page.visible(given)).toBe(visible(given, { keepLineFeeds: true }));
      }),
      { numRuns: 200 },
    );
  });
});
