import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeCompliance } from '../compliance.ts';
import type { Store } from '../store.ts';
import { openSqliteStore } from './store.ts';

storeCompliance('the SQLite store', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
  const walBytes = 1 << 18;
  let store: Store | null = null;
  return {
    open: async () => (store = await openSqliteStore({ directory, walBytes })),
    openNearlyFull: async () => (store = await openSqliteStore({ directory, walBytes, maxBytes: 2 << 20 })),
    dispose: async () => {
      await store?.close();
      rmSync(directory, { recursive: true });
    },
  };
});
