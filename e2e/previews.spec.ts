import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { type Journey, test } from './journey.ts';
import { picture, silence } from './media.ts';
import type { Tab } from './tab.ts';

const TEXT_BYTES = 300_000;
const SECONDS = 120;

test('what a browser can show is shown, by the keyboard too, and nothing uploaded runs', async ({
  journey,
}) => {
  const tab = await libraryWith(journey, [
    ['1 picture.png', await picture(1200, 800)],
    ['2 sound.wav', silence(SECONDS)],
    ['3 page.html', Buffer.from('<script>parent.isRun = true</script>'.padEnd(TEXT_BYTES, '.'))],
    ['4 paper.pdf', Buffer.from(PDF)],
    ['5 thing.bin', Buffer.from([1, 2, 3])],
  ]);
  await tab.until(() => (document.querySelector<HTMLImageElement>('.thumb img')?.naturalWidth ?? 0) > 0);

  await tab.click('[data-file] [data-do=open]');
  await tab.until(
    () => (document.querySelector<HTMLImageElement>('.preview img')?.naturalWidth ?? 0) === 1200,
  );

  await press(tab, 'ArrowRight');
  await tab.until(() => (document.querySelector<HTMLAudioElement>('.preview audio')?.duration ?? 0) > 100);
  // Far behind what the browser has fetched so far: it has to ask for that range.
  await tab.evaluate(() => {
    const audio = document.querySelector<HTMLAudioElement>('.preview audio');
    if (audio) audio.currentTime = 110;
  });
  await tab.until(() => {
    const audio = document.querySelector<HTMLAudioElement>('.preview audio');
    return audio?.seeking === false && audio.readyState >= 2 && audio.currentTime === 110;
  });

  await press(tab, 'ArrowRight');
  await tab.until(() => document.querySelector('.preview pre')?.textContent?.startsWith('<script>'));
  const text = await tab.evaluate(() => document.querySelector('.preview pre')?.textContent?.length);
  expect(text).toBe(256 * 1024);
  expect(await tab.evaluate(() => Reflect.has(globalThis, 'isRun'))).toBe(false);

  await press(tab, 'ArrowRight');
  await tab.until(() =>
    document.querySelector(navigator.pdfViewerEnabled ? '.preview iframe' : '.preview .unseen'),
  );
  await press(tab, 'ArrowRight');
  await tab.until(() => document.querySelector('.preview .unseen a[download]'));
  await press(tab, 'ArrowLeft');
  await press(tab, 'ArrowLeft');
  await tab.until(() => document.querySelector('.preview pre'));

  await press(tab, 'Escape');
  await tab.until(() => !document.querySelector('.preview'));
  const focused = await tab.evaluate(() => document.activeElement?.closest('[data-file]')?.textContent);
  expect(focused).toContain('3 page.html');
});

const PDF =
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>';

/** The library, by name, once all of these files have arrived. */
async function libraryWith(journey: Journey, files: [name: string, bytes: Buffer][]): Promise<Tab> {
  const paths = files.map(([name]) => join(journey.folder, name));
  for (const [n, path] of paths.entries()) await writeFile(path, files[n]?.[1] ?? '');
  const tab = await journey.signedInTab();
  await tab.pick(paths);
  await tab.until(
    (count) => document.querySelectorAll('[data-upload][data-state=stored]').length === count,
    files.length,
  );
  await tab.go(`${journey.stage.origin}/library?order=name`);
  await tab.until((count) => document.querySelectorAll('[data-file]').length === count, files.length);
  return tab;
}

/** In the page: a key, as the element with the focus hears it; Escape closes a dialog as the browser would. */
function press(tab: Tab, key: string): Promise<void> {
  return tab.evaluate((pressed) => {
    const dialog = document.querySelector<HTMLDialogElement>('.preview');
    if (pressed === 'Escape') return dialog?.close();
    const target = dialog?.contains(document.activeElement) ? document.activeElement : dialog;
    target?.dispatchEvent(new KeyboardEvent('keydown', { key: pressed, bubbles: true, cancelable: true }));
  }, key);
}
