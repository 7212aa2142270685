/**
 * Where a webhook may lead. A name is resolved, every address of it is looked at, and one of those is dialled: a second
 * answer of the resolver changes nothing (threat G, DNS rebinding).
 */
import { BlockList, isIP } from 'node:net';
import { lookup } from 'node:dns/promises';

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

export type Resolve = (host: string) => Promise<readonly Address[]>;

export const resolveHost: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address, family }) => ({
    address,
    family: family === 6 ? 6 : 4,
  }));

/** This network, private, shared, link-local (clouds answer for credentials there), special and multicast networks. */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/9',
  'ff00::/8',
];
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

const closed = listOf([...CLOSED, ...LOOPBACK]);
const loopback = listOf(LOOPBACK);

/** A list takes an IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) for what it is. */
const isIn = (list: BlockList, { address, family }: Address): boolean =>
  list.check(address, family === 6 ? 'ipv6' : 'ipv4');

/** Without the brackets of an IPv6 address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/** Whether the URL itself names this machine. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  const family = isIP(host);
  if (family === 0) return host === 'localhost';
  return isIn(loopback, { address: host, family: family === 6 ? 6 : 4 });
}

/** The address to dial; undefined where the host leads, even in part, to where it may not. */
export async function addressOf(
  url: URL,
  privateAddresses: readonly string[],
  resolve: Resolve,
): Promise<Address | undefined> {
  const host = hostOf(url);
  const family = isIP(host);
  const addresses: readonly Address[] =
    family === 0 ? await resolve(host) : [{ address: host, family: family === 6 ? 6 : 4 }];
  const named = listOf([...privateAddresses, ...(isLoopback(url) ? LOOPBACK : [])]);
  const isOpen = (each: Address): boolean => !isIn(closed, each) || isIn(named, each);
  return addresses.every(isOpen) ? addresses[0] : undefined;
}
