import { custodyProblemCodes, Erasure, ErasureRequest, KeyRotation } from '@sallyport/sdk/contract';
import { z } from 'zod';
import { eraseValues, rotateKey } from './custody-handlers.ts';
import { type ApiAction, guarded, type Route } from './route.ts';

const people = (action: ApiAction) => ({ to: 'people', action, agentCode: 'access.people_only' }) as const;
const json = (schema: z.ZodType, description: string) =>
  ({ contentType: 'application/json', schema, description }) as const;

/** What people do to the ledger itself: each is recorded in it. */
export const custodyRoutes: readonly Route[] = [
  guarded({
    method: 'post',
    path: '/v1/ledger/erasures',
    name: 'eraseValues',
    summary: 'Erases every value of an agent or a person for good; proofs stay valid.',
    access: people('api:ledger.erase'),
    body: ErasureRequest,
    answer: json(Erasure, 'Their keys are destroyed, and that is in the ledger.'),
    problems: [...custodyProblemCodes, 'ledger.unavailable'],
    handle: eraseValues,
  }),
  guarded({
    method: 'post',
    path: '/v1/ledger/key/rotation',
    name: 'rotateLedgerKey',
    summary: 'Makes the next key of the log; the one before signs the hand-over, and is destroyed.',
    access: people('api:ledger.rotate'),
    body: z.strictObject({}),
    answer: json(KeyRotation, 'The hand-over is in the ledger, and a checkpoint by the next key covers it.'),
    problems: [...custodyProblemCodes, 'ledger.unavailable'],
    handle: rotateKey,
  }),
];
