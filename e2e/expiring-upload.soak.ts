import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { endSessions } from './account-end.ts';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { enterCode } from './sign-in.ts';
import { inFlightBytes, wireOf } from './wire.ts';

const BYTES = 2048 * MIB;

test.use({ env: { CODE_SENDS_PER_HOUR: '1000', CODE_SENDS_PER_DAY: '1000' } });

test('2 GiB whose sign-in ends at each tenth arrive whole, and what was acknowledged goes out once', async ({
  journey,
}) => {
  const { proxy, server } = journey.stage;
  const path = join(journey.folder, 'vast.bin');
  const handle = await open(path, 'w');
  await handle.truncate(BYTES);
  await handle.close();
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 400e6 });
  proxy.forget();
  const startedAt = Date.now();
  await tab.pick([path]);
  for (let tenth = 1; tenth < 10; tenth++) {
    await poll(
      `${tenth} tenths`,
      300_000,
      () => proxy.counts.fromClients > (tenth / 10) * BYTES || undefined,
    );
    await endSessions(journey.stage, tab);
    await tab.waitForPath('/signin');
    await tab.bringToFront();
    await enterCode(tab, journey.stage);
    await tab.waitForPath('/app');
  }
  await rowIs(tab, 'stored', 600_000);
  const seconds = (Date.now() - startedAt) / 1000;
  const { sentBytes, resentBytes } = wireOf(proxy.requests);
  const lost = inFlightBytes(proxy.requests, 401);
  console.log(
    `${seconds.toFixed(0)} s, ${sentBytes} bytes sent for ${BYTES}, ${resentBytes} of them again ` +
      `(${lost} were on their way when a sign-in ended)`,
  );
  expect(resentBytes).toBeLessThanOrEqual(lost);
  const [stored] = await server.files(await tab.cookieHeader(journey.stage.origin));
  expect(stored).toMatchObject({ name: 'vast.bin', size: BYTES });
});
