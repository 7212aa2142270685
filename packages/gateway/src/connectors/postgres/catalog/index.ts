export { loadCatalog, catalogVersion, type CatalogQuery } from './load.ts';
export { CatalogWatcher, type CatalogWatcherOptions } from './watcher.ts';
export type * from './types.ts';
