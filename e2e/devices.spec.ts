import { join } from 'node:path';
import { expect } from '@playwright/test';
import { PlainBrowser } from './browser.ts';
import { MIB, rowIs, test } from './journey.ts';
import { poll } from './poll.ts';
import { signIn } from './sign-in.ts';
import { wireOf } from './wire.ts';

test('two devices with the same file finish one upload together and do not fight', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 96 * MIB);
  const phone = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 48e6, latencyMs: 5 });
  proxy.forget();
  await phone.pick([file.path]);
  await poll('a quarter', 60_000, () => proxy.counts.fromClients > file.bytes / 4 || undefined);

  const laptop = await PlainBrowser.launch({ profile: join(journey.folder, 'laptop') });
  try {
    const tab = await laptop.open('about:blank');
    await signIn(tab, journey.stage);
    await tab.until(() => document.querySelector('[data-elsewhere]'));
    await tab.pick([file.path], '[data-pick-again]');
    await Promise.all([rowIs(phone, 'stored', 90_000), rowIs(tab, 'stored', 90_000)]);
    const { sentBytes } = wireOf(proxy.requests);
    test
      .info()
      .annotations.push({ type: 'figure', description: `${(sentBytes / file.bytes).toFixed(3)} × the file` });
    // Each may have been at work on a few of the other's parts when it was told.
    expect(sentBytes).toBeLessThanOrEqual(file.bytes + 10 * 8 * MIB);
    expect(await journey.library(tab)).toEqual([{ name: 'film.bin', size: file.bytes, sha256: file.sha256 }]);
  } finally {
    await laptop.close({ deleteProfile: true });
  }
});
