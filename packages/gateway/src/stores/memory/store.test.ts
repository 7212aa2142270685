import { storeCompliance } from '../compliance.ts';
import { MemoryMedium } from './medium.ts';
import { createMemoryStore } from './store.ts';

storeCompliance('the memory store', async () => {
  const medium = new MemoryMedium();
  return {
    open: async () => createMemoryStore({ medium }),
    openNearlyFull: async () => createMemoryStore({ medium, maxEntries: 1000 }),
    dispose: async () => undefined,
  };
});
