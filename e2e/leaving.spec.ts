import { expect } from '@playwright/test';
import { test as onFullDevice } from './full-device.ts';
import { MIB, rowIs, test } from './journey.ts';
import { holdStore } from './store-hold.ts';

test('leaving asks while bytes would be lost, and does not once they are safe', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 16 * MIB);
  const [note, other] = await Promise.all([journey.file('note.txt', 100), journey.file('other.txt', 200)]);
  const tab = await journey.signedInTab();
  await tab.pick([note.path]);
  await rowIs(tab, 'stored');
  expect(await tab.reload()).toBe('gone');
  await tab.until(() => document.querySelector('[data-safe-line=done]'));

  // Not yet handed over: no row shows it.
  await tab.evaluate(holdStore);
  await tab.pick([other.path]);
  await tab.until(() => document.querySelector('[data-safe-line=taking]'));
  expect(await tab.evaluate(() => document.querySelectorAll('[data-upload]').length)).toBe(1);
  expect(await tab.reload()).toBe('asked');

  // All of it is kept, though little of it has gone out.
  await proxy.set({ bitsPerSecond: 8e6 });
  await tab.pick([file.path]);
  await tab.until(() => document.querySelector('[data-safe-line=yes]'));
  expect(await tab.reload()).toBe('gone');
  await proxy.set({ bitsPerSecond: null });
  await tab.until(() => document.querySelector('[data-safe-line=done]'));
  expect(await tab.reload()).toBe('gone');
});

onFullDevice('leaving asks as long as what is sent is nowhere but in this tab', async ({ journey }) => {
  const { proxy } = journey.stage;
  const file = await journey.file('film.bin', 16 * MIB);
  const tab = await journey.signedInTab();
  await proxy.set({ bitsPerSecond: 8e6 });
  await tab.pick([file.path]);
  await rowIs(tab, 'sending');
  await tab.until(() => document.querySelector('[data-safe-line=no]'));
  expect(await tab.reload()).toBe('asked');
  await proxy.set({ bitsPerSecond: null });
  await tab.until(() => document.querySelector('[data-safe-line=done]'));
  expect(await tab.reload()).toBe('gone');
});

test('nobody is told that all has arrived before a file that was just chosen is on the list', async ({
  journey,
}) => {
  const [first, second, third] = await Promise.all([
    journey.file('first.txt', 100),
    journey.file('second.txt', 200),
    journey.file('third.txt', MIB),
  ]);
  const tab = await journey.signedInTab();
  await tab.pick([first.path, second.path]);
  await tab.until(() => document.querySelector('[data-safe-line=done]'));
  await tab.evaluate(() => {
    const said: (string | undefined)[] = [];
    Reflect.set(globalThis, 'said', said);
    new MutationObserver(() => {
      const line = document.querySelector<HTMLElement>('[data-safe-line]')?.dataset.safeLine;
      if (line !== said.at(-1)) said.push(line);
    }).observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await journey.stage.proxy.set({ bitsPerSecond: 8e6 });
  // News of one thing right before another: that of the other one is held back for a moment.
  await tab.click('[data-do=remove]');
  await tab.pick([third.path]);
  await tab.until(() => document.body.textContent?.includes('third.txt'));
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  await tab.until(() => document.querySelector('[data-safe-line=done]'));
  const said = await tab.evaluate(() => Reflect.get(globalThis, 'said') as string[]);
  const taking = said.indexOf('taking');
  expect(said.slice(taking).filter((line) => line === 'done')).toEqual(['done']);
});
