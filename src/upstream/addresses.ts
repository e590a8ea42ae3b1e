/**
 * Which addresses an upstream may be at when private ones are refused. Looked at where a connection is made, on the
 * addresses that it is made to, so that a name which changes its answer between two looks can't get past it. It refuses
 * to guess from names.
 */
import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Networks that are not the public internet (IANA special-purpose registries), and those that embed other addresses. */
const REFUSED: readonly [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
];

const refused = new BlockList();
for (const [network, prefix] of REFUSED)
  refused.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4');

/** Code of the error of a look-up that found no other addresses. */
export const PRIVATE_ADDRESS = 'ERR_PRIVATE_ADDRESS';

/** Whether an IP address is on no public network; an IPv4 address inside an IPv6 one counts as what it is. */
export function isPrivate(address: string): boolean {
  const family = isIP(address);
  return family === 0 || refused.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

export function privateAddress(host: string): Error {
  return Object.assign(new Error(`${host} is at a private address`), { code: PRIVATE_ADDRESS });
}

/** Node's look-up, less the private addresses; one that finds only those fails. */
export const publicLookup: LookupFunction = (hostname, options, found) => {
  // As a property of the module, which is what `net` itself calls.
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      found(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => !isPrivate(address));
    const first = allowed[0];
    if (first === undefined) found(privateAddress(hostname), []);
    else if (options.all === true) found(null, allowed);
    else found(null, first.address, first.family);
  });
};
