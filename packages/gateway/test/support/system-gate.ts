import type { Approval, Attempt, Authorized, Gate, Hold, Judgement } from '../../src/connectors/connector.ts';
import type { Outcome } from '../../src/core/execution.ts';
import { makeId } from '../../src/core/ids.ts';
import { refusal, type Refusal } from '../../src/core/reasons.ts';
import { err, type Result } from '../../src/core/result.ts';
import type { Durability } from '../../src/ports.ts';
import { random } from '../../src/system.ts';

/** An intent that is on its way to the disk, until the test says what becomes of it. */
export interface PendingIntent {
  readonly command: string;
  persist(): void;
  fail(): void;
}

/** A gate that allows everything, over a disk that the test owns. */
export class WithheldGate implements Gate {
  readonly intents: PendingIntent[] = [];
  readonly outcomes: { readonly command: string; readonly outcome: Outcome }[] = [];

  judge(attempt: Attempt): Judgement {
    const { requester, target, command, parameters, preconditions, description, statedTask, supersedes } =
      attempt;
    const id = makeId('act', Date.now(), random.bytes(10));
    return {
      action: { id, requester, target, command, parameters, preconditions },
      description,
      datasets: [],
      risk: { score: 0, signals: [] },
      decision: { effect: 'allow', policies: [], reasons: [] },
      statedTask,
      supersedes,
    };
  }

  authorize(judgement: Judgement): Authorized {
    const { command } = judgement.action;
    const state = { durable: false };
    const done = new Promise<void>((resolve, reject) => {
      this.intents.push({
        command,
        persist: () => {
          state.durable = true;
          resolve();
        },
        fail: () => reject(new Error('the disk is gone')),
      });
    });
    done.catch(() => undefined);
    const durability: Durability = {
      get durable() {
        return state.durable;
      },
      done,
    };
    return { action: judgement.action.id, review: null, grant: null, standing: null, judgement, durability };
  }

  record({ judgement }: Authorized, outcome: Outcome): void {
    this.outcomes.push({ command: judgement.action.command, outcome });
  }

  refuse(): Promise<Refusal> {
    return Promise.resolve(refusal('policy.forbidden', {}));
  }

  refuseUndescribed(attempt: { readonly refusal: Refusal }): Promise<Refusal> {
    return Promise.resolve(attempt.refusal);
  }

  hold(_judgement: Judgement, _holding: readonly string[]): Promise<Result<Hold, Refusal>> {
    return Promise.resolve(err(refusal('review.no_approver', {})));
  }

  authorizeApproved(_judgement: Judgement, _approval: Approval): Promise<Result<Authorized, Refusal>> {
    return Promise.resolve(err(refusal('grant.missing', {})));
  }
}
