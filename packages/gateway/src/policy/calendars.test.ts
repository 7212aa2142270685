import { describe, expect, test } from 'vitest';
import { request } from '../../test/support/policy.ts';
import { createPolicyEngine, type LoadedEngine } from './engine.ts';

const permit = `@id("may") @reason("May.") permit (principal is Agent, action, resource is Target);`;
const frozen = `@id("frozen") @reason("Frozen.") forbid (principal is Agent, action in Action::"sql", resource is Target)
when { context.calendars.contains("freeze") };`;
const names = { groups: [], people: [], agents: [], targets: [], calendars: ['freeze'] };

async function load(text: string, open: { names: readonly string[] }): Promise<LoadedEngine> {
  const hours = { openAt: () => open.names };
  const engine = await createPolicyEngine({ policies: [{ name: 'a.cedar', text }], names, hours });
  if (!engine.ok) throw new Error(engine.error.map(({ message }) => message).join());
  return engine.value;
}

describe('a policy that reads calendars', () => {
  test('decides by the calendars of now, though the decision before is remembered', async () => {
    const open = { names: [] as readonly string[] };
    const engine = await load(permit + frozen, open);
    const asked = request();
    const before = engine.moment;
    expect(engine.decide(asked).effect).toBe('allow');
    open.names = ['freeze'];
    expect(engine.moment).not.toBe(before);
    expect(engine.decide(asked).effect).toBe('deny');
    open.names = [];
    expect(engine.moment).toBe(before);
    expect(engine.decide(asked).effect).toBe('allow');
  });

  test('memoised and plain evaluation agree at every moment', async () => {
    const open = { names: [] as readonly string[] };
    const engine = await load(permit + frozen, open);
    for (const now of [[], ['freeze'], ['other'], ['freeze', 'other'], []]) {
      open.names = now;
      expect(engine.decide(request())).toEqual(engine.evaluate(request()));
    }
  });

  test('decides a recorded action by the calendars of its own time', async () => {
    const engine = await load(permit + frozen, { names: ['freeze'] });
    expect(engine.decide({ ...request(), calendars: [] }).effect).toBe('allow');
  });

  test('that names a calendar which is not there is refused: its freeze would never begin', async () => {
    const policies = [{ name: 'a.cedar', text: permit + frozen.replace('"freeze"', '"freze"') }];
    const engine = await createPolicyEngine({ policies, names });
    expect(engine.ok ? [] : engine.error).toMatchObject([
      {
        code: 'policy.unknown_name',
        policy: 'frozen',
        message: 'the calendar "freze" is not in the configuration',
      },
    ]);
  });

  test('can’t let delays count in a calendar of single days', async () => {
    const text = `${permit}@id("r") @reason("R.") @review("group:g") @calendar("freeze")
      forbid (principal is Agent, action in Action::"sql", resource is Target);`;
    const known = { ...names, groups: ['g'], restingCalendars: ['freeze'] };
    const engine = await createPolicyEngine({ policies: [{ name: 'a.cedar', text }], names: known });
    expect(engine.ok ? '' : engine.error[0]?.message).toContain('has no weekly hours');
  });
});

test('where no policy reads calendars, their hours change no memo', async () => {
  const open = { names: [] as readonly string[] };
  const engine = await load(permit, open);
  const before = engine.moment;
  open.names = ['freeze'];
  expect(engine.moment).toBe(before);
});
