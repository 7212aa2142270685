import { describe, expect, it } from 'vitest';
import { limits } from '../../../limits.ts';
import { Flow } from './flow.ts';

function flowing() {
  const said: string[] = [];
  const state = { isCrowded: false, unanswered: 0 };
  const flow = new Flow({
    socket: { pause: () => void said.push('pause'), resume: () => void said.push('resume') } as never,
    isCrowded: () => state.isCrowded,
    unanswered: () => state.unanswered,
  });
  return { flow, said, state };
}

describe('a client', () => {
  it('is not read while the target owes more answers than are kept track of, until half of them are there', () => {
    const { flow, said, state } = flowing();
    for (const unanswered of [
      limits.unansweredMessages,
      limits.unansweredMessages + 1,
      limits.unansweredMessages,
      limits.unansweredMessages / 2 + 1,
      limits.unansweredMessages / 2,
    ]) {
      state.unanswered = unanswered;
      flow.update();
      said.push(String(unanswered));
    }
    expect(said).toEqual(['10000', 'pause', '10001', '10000', '5001', 'resume', '5000']);
  });

  it('is read again only when none of the reasons is left', () => {
    const { flow, said, state } = flowing();
    state.isCrowded = true;
    flow.update();
    flow.targetIsFull(true);
    state.isCrowded = false;
    flow.update();
    expect(said).toEqual(['pause']);
    flow.targetIsFull(false);
    expect(said).toEqual(['pause', 'resume']);
  });
});
