import { CatalogScan, CatalogScanRequest, scanProblemCodes } from '@sallyport/sdk/contract';
import { scanCatalog } from './catalog-handlers.ts';
import { guarded, type Route } from './route.ts';

/** What people do about the classes of data. */
export const catalogRoutes: readonly Route[] = [
  guarded({
    method: 'post',
    path: '/v1/catalog/scans',
    name: 'scanCatalog',
    summary: 'Looks at samples of a target’s data and proposes classes, in counts and never with values.',
    access: { to: 'people', action: 'api:catalog.scan', agentCode: 'access.people_only' },
    body: CatalogScanRequest,
    answer: {
      contentType: 'application/json',
      schema: CatalogScan,
      description: 'What was found. Nothing is changed: the configuration’s catalog is for people to write.',
    },
    problems: [...scanProblemCodes, 'ledger.unavailable'],
    handle: scanCatalog,
  }),
];
