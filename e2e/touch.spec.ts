import { expect } from '@playwright/test';
import { MIB, rowIs, test } from './journey.ts';

test('the screen stays on while something moves, for whoever has chosen that, and not longer', async ({
  journey,
}) => {
  const { proxy, origin } = journey.stage;
  const file = await journey.file('film.bin', 24 * MIB);
  const tab = await journey.signedInTab();
  await tab.beforeScripts(countLocks);
  await tab.go(`${origin}/settings`);
  await tab.click('[data-do=keep-awake]');
  await tab.go(`${origin}/app`);
  await proxy.set({ bitsPerSecond: 16e6 });
  await tab.pick([file.path]);
  await rowIs(tab, 'sending');
  await tab.until(() => Reflect.get(globalThis, 'locksHeld') === 1);
  await tab.click('[data-upload] [data-do=pause]');
  await tab.until(() => Reflect.get(globalThis, 'locksHeld') === 0);
  await tab.click('[data-upload] [data-do=resume]');
  await tab.until(() => Reflect.get(globalThis, 'locksHeld') === 1);
  await proxy.set({ bitsPerSecond: null });
  await rowIs(tab, 'stored');
  await tab.until(() => Reflect.get(globalThis, 'locksHeld') === 0);
});

test('a photo that is taken with the camera arrives', async ({ journey }) => {
  const photo = await journey.file('image.jpg', 3 * MIB);
  const tab = await journey.signedInTab();
  const camera = '[data-pick-camera]';
  expect(
    await tab.evaluate((at) => {
      const input = document.querySelector<HTMLInputElement>(at);
      return [input?.accept, input?.getAttribute('capture')];
    }, camera),
  ).toEqual(['image/*', 'environment']);
  await tab.pick([photo.path], camera);
  await rowIs(tab, 'stored');
  expect(await journey.library(tab)).toEqual([{ name: 'image.jpg', size: 3 * MIB, sha256: photo.sha256 }]);
});

/** In the page: counts the locks on the screen that it holds. Whether a browser grants one depends on the machine. */
function countLocks(): void {
  let held = 0;
  const tell = (change: number) => {
    held += change;
    Reflect.set(globalThis, 'locksHeld', held);
  };
  tell(0);
  const request = async () => {
    tell(1);
    return { release: async () => tell(-1) };
  };
  Object.defineProperty(navigator, 'wakeLock', { value: { request } });
}
