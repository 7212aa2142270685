import type { RoomRule } from '../core/chat-people.ts';
import type { Calendar } from '../core/calendar.ts';
import type { Agent, Person } from '../core/identity.ts';
import type { Target } from '../core/identity.ts';
import type { Rota } from '../core/rota.ts';
import type { ReviewEventName } from '../core/review-events.ts';
import type { Routing } from '../core/routing.ts';
import type { RawConfiguration } from './schema.ts';
import type { Secret } from './secret.ts';

export interface TargetConfiguration extends Target {
  readonly protocol: 'postgresql';
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly tls: 'verify-full' | 'require' | 'disable';
  /** PEM; null: the system's. */
  readonly ca: string | null;
  readonly user: string;
  /** Null: none is configured, which suits trust and certificate authentication. */
  readonly password: Secret | null;
  readonly maxConnections: number;
  /** Whether evidence about held actions is made for reviewers. */
  readonly preview: 'on' | 'off';
}

export interface AgentConfiguration {
  readonly agent: Agent;
  /** SCRAM-SHA-256 verifier of the agent's token; null: a canary, as which nobody can connect. */
  readonly verifier: Secret | null;
}

/** What the gateway itself asks for, in the names of canaries. */
export interface CanaryConfiguration {
  readonly perWeek: number;
  /** With its working time of a week; null: at any time. */
  readonly calendar: { readonly name: string; readonly weeklyMs: number } | null;
  readonly requests: readonly {
    readonly agent: Agent;
    readonly target: Target;
    readonly command: string;
    readonly statedTask: string;
    readonly flaw: string;
    readonly client: string;
  }[];
}

export interface PersonConfiguration {
  readonly person: Person;
  /** Null: none is configured. */
  readonly slack: { readonly team: string; readonly user: string } | null;
  /** Null: none is configured. */
  readonly teams: { readonly tenant: string; readonly user: string } | null;
  /** In lower case; null: none. */
  readonly email: string | null;
  /** Lower-case hexadecimal SHA-256 of the person's token; null: can't sign in. */
  readonly tokenSha256: Secret | null;
}

export interface CatalogConfiguration {
  readonly target: string;
  readonly dataset: string;
  readonly columns: readonly { readonly pattern: string; readonly classes: readonly string[] }[];
  readonly classes: readonly string[];
  readonly owner: string | null;
  readonly compliance: readonly string[];
}

export interface CalendarConfiguration {
  readonly name: string;
  readonly calendar: Calendar;
}

export interface ListenConfiguration {
  readonly postgres: {
    readonly host: string;
    readonly port: number;
    /** PEM; null: the gateway makes its own. */
    readonly tls: { readonly certificate: string; readonly privateKey: Secret } | null;
  };
  readonly api: { readonly host: string; readonly port: number; readonly publicUrl: string };
}

export interface LedgerConfiguration {
  /** Null: a file of the state folder. */
  readonly token: { readonly module: string; readonly token: string; readonly pin: Secret } | null;
  readonly witnesses: readonly { readonly key: string; readonly url: string }[];
  readonly witnessQuorum: number;
  readonly whenWitnessesAreAway: 'publish-without-them' | 'publish-nothing';
  /** The folder in which the log is published as files, absolute. Null: in none. */
  readonly published: string | null;
}

export interface SlackConfiguration {
  readonly team: string;
  readonly apiUrl: string;
  readonly botToken: Secret;
  /** Null: people's clicks come by HTTP. */
  readonly appToken: Secret | null;
  readonly signingSecrets: readonly Secret[];
  readonly room: string | null;
  readonly rooms: readonly RoomRule[];
  readonly directMessages: boolean;
  readonly linkByEmail: boolean;
}

export interface TeamsConfiguration {
  readonly appId: string;
  readonly appSecret: Secret;
  readonly tenant: string;
  readonly cloud: 'public' | 'us-gcc' | 'us-government' | 'us-defense' | 'china';
  /** In place of the cloud's; without a slash at their end. */
  readonly addresses: Readonly<
    Partial<Record<'openIdUrl' | 'issuer' | 'loginUrl' | 'scope' | 'serviceUrl', string>>
  >;
  readonly room: string | null;
  readonly rooms: readonly RoomRule[];
  readonly directMessages: boolean;
  readonly linkByPrincipalName: boolean;
}

export interface ChannelsConfiguration {
  readonly terminal: boolean;
  readonly webhooks: readonly {
    readonly name: string;
    readonly url: URL;
    readonly template: 'standard' | 'pagerduty' | 'opsgenie';
    readonly secrets: readonly Secret[];
    readonly events: readonly ReviewEventName[];
    readonly when: Routing;
    readonly byPolicy: boolean;
    readonly privateAddresses: readonly string[];
    readonly fields: Readonly<Record<string, string>>;
  }[];
  /** Null: not used. */
  readonly slack: SlackConfiguration | null;
  /** Null: not used. */
  readonly teams: TeamsConfiguration | null;
  /** Null: nobody is told by mail. */
  readonly email: {
    readonly server: {
      readonly host: string;
      readonly port: number;
      readonly tls: 'implicit' | 'starttls' | 'none';
      /** Null: nobody signs in. */
      readonly user: string | null;
      readonly password: Secret | null;
    };
    readonly from: string;
    readonly recipients: readonly {
      readonly to: readonly string[];
      readonly events: readonly ReviewEventName[];
      readonly when: Routing;
    }[];
  } | null;
}

/** A checked configuration: every reference leads somewhere, every file and secret has been read. */
export interface Configuration {
  /** The file that it came from, absolute. */
  readonly file: string;
  readonly origin: string;
  /** Absolute. */
  readonly state: string;
  readonly ledger: LedgerConfiguration;
  readonly listen: ListenConfiguration;
  readonly targets: readonly TargetConfiguration[];
  /** Targets that agents deal with themselves, under grants. */
  readonly apiTargets: readonly Target[];
  readonly agents: readonly AgentConfiguration[];
  readonly people: readonly PersonConfiguration[];
  readonly groups: readonly { readonly name: string; readonly description: string }[];
  readonly classes: readonly { readonly name: string; readonly description: string }[];
  readonly catalog: readonly CatalogConfiguration[];
  readonly calendars: readonly CalendarConfiguration[];
  /** The policy files, sorted by name, with absolute names; the built-in pack where no directory is configured. */
  readonly policies: {
    readonly directory: string;
    readonly files: readonly { readonly name: string; readonly text: string }[];
  };
  /** Drafts of policies that are observed, each in a directory. */
  readonly observe: readonly { readonly target: string; readonly directory: string }[];
  /** Groups that people are in by turns. */
  readonly rotas: readonly Rota[];
  readonly delegations: readonly {
    readonly from: string;
    readonly to: string;
    readonly fromMs: number;
    readonly untilMs: number;
  }[];
  readonly limits: Readonly<RawConfiguration['limits']>;
  readonly attention: {
    /** Null: no bound. */
    readonly approvalsPerHour: number | null;
    readonly wordsPerMinute: number;
    readonly minimumReadingMs: number;
    /** Null: none are opened. */
    readonly canaries: CanaryConfiguration | null;
  };
  readonly channels: ChannelsConfiguration;
}
