/** A non-human principal. Names are unique among agents and people together. */
export interface Agent {
  readonly kind: 'agent';
  readonly name: string;
  readonly groups: readonly string[];
  /** The person answerable for the agent, and for whom it acts unless it may say otherwise. */
  readonly sponsor: string;
  /** People for whom this agent may claim to act (`-c sallyport.on_behalf_of=`). Empty: nobody but its sponsor. */
  readonly mayActFor: readonly string[];
  /** Whoever holds the agent's credential, by name; its sponsor where nobody else is named. Never votes on its actions. */
  readonly credentialOwner: string;
  /** Nobody may connect as it: it asks for what the gateway itself makes up, and nothing of it ever runs. */
  readonly canary?: true;
}

/** A human principal: the only kind that can vote. */
export interface Person {
  readonly kind: 'person';
  readonly name: string;
  readonly displayName: string;
  /** Who this is, whatever account they use: accounts of one identity are one person wherever people are counted. */
  readonly identity: string;
  readonly groups: readonly string[];
  /** A disabled person keeps their name in the records and can do nothing. */
  readonly disabled: boolean;
}

export type Principal = Agent | Person;

/** Who asks, for whom, in which connection. Fixed for the life of a session, so it can be shared by its actions. */
export interface Requester {
  readonly agent: string;
  readonly agentGroups: readonly string[];
  readonly sponsor: string;
  readonly onBehalfOf: string;
  /** `configured`: the sponsor; `asserted`: the agent said so, and its configuration entitles it to. */
  readonly onBehalfOfBasis: 'configured' | 'asserted';
  /** Identities that never decide on what is asked here: the sponsor, the person for whom, the credential's owner. Sorted. */
  readonly parties: readonly string[];
  readonly session: string;
  /** The client's address as the gateway saw it, `host:port`. */
  readonly client: string;
}

/** A protected endpoint, in one environment. */
export interface Target {
  readonly name: string;
  readonly protocol: string;
  readonly environment: string;
}

/** The identities of the people who stand behind a request, for `Requester.parties`. */
export function partiesOf(
  agent: Agent,
  onBehalfOf: string,
  person: (name: string) => Person | undefined,
): readonly string[] {
  const names = [agent.sponsor, onBehalfOf, agent.credentialOwner];
  return [...new Set(names.map((name) => person(name)?.identity ?? name))].sort();
}
