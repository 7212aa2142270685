/** Where Teams is, by cloud. What signs, what issues tokens and what takes messages belong together. */

export interface CloudAddresses {
  /** Metadata of whoever signs what Teams sends us. */
  readonly openIdUrl: string;
  /** Who says to have signed it. */
  readonly issuer: string;
  /** Where our own token comes from, without tenant. */
  readonly loginUrl: string;
  /** For what that token is. */
  readonly scope: string;
  /** Where messages are sent; null: there is no global one, and the operator names it. */
  readonly serviceUrl: string | null;
  /** Hosts that a service URL may have, besides the one that is configured. */
  readonly serviceHosts: readonly string[];
}

const OPENID = '/v1/.well-known/openidconfiguration';

export const clouds = {
  public: {
    openIdUrl: `https://login.botframework.com${OPENID}`,
    issuer: 'https://api.botframework.com',
    loginUrl: 'https://login.microsoftonline.com',
    scope: 'https://api.botframework.com/.default',
    serviceUrl: 'https://smba.trafficmanager.net/teams',
    serviceHosts: ['smba.trafficmanager.net'],
  },
  /** Government Community Cloud: identities of the public cloud, messages of its own. */
  'us-gcc': {
    openIdUrl: `https://login.botframework.com${OPENID}`,
    issuer: 'https://api.botframework.com',
    loginUrl: 'https://login.microsoftonline.com',
    scope: 'https://api.botframework.com/.default',
    serviceUrl: 'https://smba.infra.gcc.teams.microsoft.com/teams',
    serviceHosts: ['smba.infra.gcc.teams.microsoft.com'],
  },
  /** GCC High. */
  'us-government': {
    openIdUrl: `https://login.botframework.azure.us${OPENID}`,
    issuer: 'https://api.botframework.us',
    loginUrl: 'https://login.microsoftonline.us',
    scope: 'https://api.botframework.us/.default',
    serviceUrl: 'https://smba.infra.gov.teams.microsoft.us/teams',
    serviceHosts: ['smba.infra.gov.teams.microsoft.us'],
  },
  'us-defense': {
    openIdUrl: `https://login.botframework.azure.us${OPENID}`,
    issuer: 'https://api.botframework.us',
    loginUrl: 'https://login.microsoftonline.us',
    scope: 'https://api.botframework.us/.default',
    serviceUrl: 'https://smba.infra.dod.teams.microsoft.us/teams',
    serviceHosts: ['smba.infra.dod.teams.microsoft.us'],
  },
  china: {
    openIdUrl: `https://login.botframework.azure.cn${OPENID}`,
    issuer: 'https://api.botframework.azure.cn',
    loginUrl: 'https://login.partner.microsoftonline.cn',
    scope: 'https://api.botframework.azure.cn/.default',
    serviceUrl: null,
    serviceHosts: [],
  },
} as const satisfies Readonly<Record<string, CloudAddresses>>;

/** Whether messages may be said to come from there. Nothing is ever sent to an address that came with a message. */
export function isServiceUrl(url: string, { serviceUrl, serviceHosts }: CloudAddresses): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return false;
  if (serviceUrl !== null && new URL(url).origin === new URL(serviceUrl).origin) return true;
  return protocol === 'https:' && serviceHosts.includes(hostname);
}
