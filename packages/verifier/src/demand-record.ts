import type { JsonValue } from './canonical.ts';
import {
  countAt,
  isObject,
  Malformed,
  nameAt,
  namesAt,
  numberAt,
  objectsAt,
  type JsonObject,
} from './leaf-members.ts';

/** What a review's entry says of one demand. */
export interface DemandRecord {
  readonly quorum: number;
  /** How many distinct people must reject to end the review. */
  readonly rejections: number;
  /** Whether only signed approvals count; null: from a risk on that the action may or may not reach. */
  readonly passkeyFromRisk: number | null;
  /** Names and identities that don't count. */
  readonly excluded: readonly string[];
  /** Distinct people who alone may meet it; null where it names a group, whose members the log doesn't hold. */
  readonly people: readonly string[] | null;
}

export function demandOf(value: JsonValue): DemandRecord {
  if (!isObject(value)) throw new Malformed('demands');
  const quorum = countAt(value, 'quorum');
  if (quorum < 1) throw new Malformed('quorum');
  const rejections = value['rejections'] === undefined ? 1 : countAt(value, 'rejections');
  if (rejections < 1) throw new Malformed('rejections');
  const signedFrom = value['passkeyFromRisk'] ?? null;
  const passkeyFromRisk = signedFrom === null ? null : numberAt(value, 'passkeyFromRisk');
  const excluded = namesAt(value, 'excluded');
  return { quorum, rejections, passkeyFromRisk, excluded, people: peopleOf(value) };
}

/** Those of the demand itself and of each step of its escalation. */
function peopleOf(demand: JsonObject): readonly string[] | null {
  const steps = demand['escalation'] === undefined ? [] : objectsAt(demand, 'escalation');
  const approvers = [demand, ...steps].flatMap((each) => objectsAt(each, 'approvers'));
  const onlyPeople = approvers.every((approver) => approver['kind'] === 'person');
  const people = new Set(approvers.map((approver) => nameAt(approver, 'name')));
  return onlyPeople ? [...people] : null;
}
