import { describe } from 'vitest';
import { approvalsAreBounded, judgmentsAreKept, reviewsAreGrouped } from './compliance-attention.ts';
import {
  acknowledgedMeansDurable,
  entriesKeepTheirOrder,
  failuresCloseTheStore,
} from './compliance-durability.ts';
import { chatLinksAreKept } from './compliance-chat-links.ts';
import {
  crowdsAreSeen,
  deadLettersAreKept,
  deliveriesAreKept,
  deliveriesKeepTheirOrder,
  groupsAreKept,
} from './compliance-deliveries.ts';
import { erasureWaits, recordsAreErased, valuesAreErased } from './compliance-erasure.ts';
import { useStore } from './compliance-fixture.ts';
import type { StoreFixture } from './compliance-fixture.ts';
import { breakGlassIsSpentOnce, breakGlassIsTracked } from './compliance-break-glass.ts';
import { changesAreAtomic, grantsAreSpentOnce, grantsEnd } from './compliance-grants.ts';
import { governanceIsRevised } from './compliance-governance.ts';
import { passkeysAreKept, passkeysAreVouchedFor } from './compliance-passkeys.ts';
import { actionsAreFound, entriesAreRead, openIntentsAreKnown } from './compliance-reads.ts';
import { reviewsAreListed, reviewsAreOpened, reviewsAreRevised } from './compliance-reviews.ts';
import { canariesAreCounted, canariesAreKept } from './compliance-canaries.ts';
import { standingGrantsAreBounded, standingGrantsAreKept } from './compliance-standing.ts';
import { requestKeysAreTakenOnce, submissionsAreRevised } from './compliance-submissions.ts';
import { habitsAreSummed } from './compliance-habits.ts';
import { tilesArePublished, usageIsSummed } from './compliance-totals.ts';

export type { StoreFixture } from './compliance-fixture.ts';

/** What every store must pass. `make` is called for each test and gives a medium of its own. */
export function storeCompliance(name: string, make: () => Promise<StoreFixture>): void {
  describe(`${name} complies with the contract of stores`, () => {
    const at = useStore(make);
    reviewsAreOpened(at);
    reviewsAreRevised(at);
    reviewsAreListed(at);
    grantsAreSpentOnce(at);
    grantsEnd(at);
    reviewsAreGrouped(at);
    judgmentsAreKept(at);
    approvalsAreBounded(at);
    canariesAreKept(at);
    canariesAreCounted(at);
    standingGrantsAreBounded(at);
    standingGrantsAreKept(at);
    passkeysAreKept(at);
    passkeysAreVouchedFor(at);
    breakGlassIsSpentOnce(at);
    breakGlassIsTracked(at);
    governanceIsRevised(at);
    chatLinksAreKept(at);
    deliveriesAreKept(at);
    deliveriesKeepTheirOrder(at);
    crowdsAreSeen(at);
    groupsAreKept(at);
    deadLettersAreKept(at);
    changesAreAtomic(at);
    submissionsAreRevised(at);
    requestKeysAreTakenOnce(at);
    entriesKeepTheirOrder(at);
    acknowledgedMeansDurable(at);
    failuresCloseTheStore(at);
    entriesAreRead(at);
    actionsAreFound(at);
    openIntentsAreKnown(at);
    usageIsSummed(at);
    habitsAreSummed(at);
    tilesArePublished(at);
    valuesAreErased(at);
    recordsAreErased(at);
    erasureWaits(at);
  });
}
