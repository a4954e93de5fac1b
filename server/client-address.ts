import { BlockList, isIP } from 'node:net';

/**
 * Finds the client's own address: the peer's, or, as long as that is a proxy we trust (addresses or CIDR networks),
 * the one the proxy says it speaks for. Read from the right, since anybody may write the left of `X-Forwarded-For`.
 */
export function clientAddresses(
  trusted: readonly string[],
): (peer: string, forwardedFor: string | undefined) => string {
  const isProxy = addressList(trusted);
  return (peer, forwardedFor) => {
    let address = plain(peer);
    const hops = forwardedFor?.split(',').map((hop) => plain(hop.trim())) ?? [];
    while (isIP(address) !== 0 && isProxy(address)) {
      const next = hops.pop();
      if (next === undefined || isIP(next) === 0) break;
      address = next;
    }
    return address;
  };
}

/** Whether an address is one of `networks`, or in one (CIDR). What is no address is in none. */
export function addressList(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address);
    if (family === 0) continue;
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, type);
    else list.addSubnet(address, Number(prefix), type);
  }
  return (written) => {
    const address = plain(written);
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/**
 * What requests of one client are counted under: its address, or of IPv6 the network of 64 bits, all of which belong
 * to whoever has one of its addresses.
 */
export function clientNetwork(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail ? tail.split(':') : [];
  const missing = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...new Array<string>(Math.max(0, missing)).fill('0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** IPv4 that came over an IPv6 socket is written `::ffff:1.2.3.4`. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
