import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './journey.ts';

test('a folder that is dropped on any page arrives with its folders, and its files are shown on their way', async ({
  journey,
}) => {
  const { origin } = journey.stage;
  const harvest = join(journey.folder, 'harvest');
  await mkdir(join(harvest, 'day one'), { recursive: true });
  const [field, barn] = await Promise.all([journey.file('field.txt', 300), journey.file('barn.txt', 200)]);
  await rename(field.path, join(harvest, 'day one', 'field.txt'));
  await rename(barn.path, join(harvest, 'barn.txt'));
  const tab = await journey.signedInTab();
  await tab.go(`${origin}/library`);
  await tab.until(() => document.querySelector('main h1'));
  await tab.drop([harvest]);
  await tab.waitForPath('/app');
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  const files = await journey.stage.server.files(await tab.cookieHeader(origin));
  expect(files.map(({ path, name, size }) => [path, name, size]).toSorted()).toEqual([
    ['harvest', 'barn.txt', 200],
    ['harvest/day one', 'field.txt', 300],
  ]);
});

test('what is dropped is taken though the page has just changed under it', async ({ journey }) => {
  const [one, two] = await Promise.all([journey.file('one.txt', 300), journey.file('two.txt', 200, 2)]);
  const tab = await journey.signedInTab();
  const cover = (place: string) => {
    const cover = document.createElement('div');
    cover.id = 'cover';
    cover.style.cssText = `position: fixed; inset: 0; ${place}`;
    document.body.append(cover);
  };
  // The browser tells what is new under the pointer that something has come in, and nothing more until it moves.
  await tab.drop([one.path], () => tab.evaluate(cover, 'z-index: 100'));
  await tab.until(() => document.querySelector('[data-upload][data-state=stored]'));
  await tab.evaluate(() => document.getElementById('cover')?.remove());

  // And of a drop on what has gone since it moved last, it tells nobody.
  await tab.evaluate(cover, '');
  await tab.evaluate(() => {
    let times = 0;
    addEventListener('dragover', () => {
      times += 1;
      if (times > 1) document.getElementById('cover')?.remove();
    });
  });
  await tab.drop([two.path]);
  await tab.until(() => document.querySelectorAll('[data-upload][data-state=stored]').length === 2);
  expect((await journey.library(tab)).map(({ name, sha256 }) => [name, sha256]).toSorted()).toEqual([
    ['one.txt', one.sha256],
    ['two.txt', two.sha256],
  ]);
});

test('what is pasted is taken, and what is dropped while nobody is signed in leaves the page where it is', async ({
  journey,
}) => {
  const file = await journey.file('note.txt', 300);
  const tab = await journey.signedInTab();
  await tab.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(['pasted'], 'image.png', { type: 'image/png' }));
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    );
  });
  await tab.until(() => document.querySelector('[data-upload][data-state=stored]'));
  expect(await journey.library(tab)).toMatchObject([{ name: 'image.png', size: 6 }]);

  // Office programs put a picture of what was copied beside its text.
  await tab.go(`${journey.stage.origin}/library`);
  await tab.until(() => document.querySelector('[data-search]'));
  const isLeftAlone = await tab.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(['picture'], 'image.png', { type: 'image/png' }));
    clipboardData.setData('text/plain', 'harbour');
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    return document.querySelector('[data-search]')?.dispatchEvent(event);
  });
  expect(isLeftAlone).toBe(true);
  expect(await tab.evaluate(() => location.pathname)).toBe('/library');

  await tab.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
  await tab.waitForPath('/signin');
  await tab.drop([file.path]);
  await tab.until(() => document.querySelector('[data-notice=trouble]'));
  expect(await tab.evaluate(() => location.pathname)).toBe('/signin');
});
