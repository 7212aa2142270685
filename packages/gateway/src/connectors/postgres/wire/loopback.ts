import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Whether an address is this machine's own. An unknown one isn't (a socket that is gone has none); nor is a name: what
 * `localhost` resolves to is the resolver's word, so the address that was connected to counts.
 */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const family = isIP(address);
  if (family === 0) return false;
  // BlockList sees through IPv4-mapped IPv6 addresses.
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
