import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { test } from './journey.ts';

const SCRIPT = "localStorage.setItem('ran', document.URL); document.title = 'ran'; globalThis.ran = true;";
const PDF = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
trailer<</Root 1 0 R>>`;
const files = {
  'page.html': `<!doctype html><script>${SCRIPT}</script><img src="x" onerror="${SCRIPT}">`,
  'image.svg': `<svg xmlns="http://www.w3.org/2000/svg" onload="${SCRIPT}"><script>${SCRIPT}</script></svg>`,
  'code.js': SCRIPT,
  'looks-like.pdf': `<!doctype html>%PDF-1.4<script>${SCRIPT}</script>`,
  'real.pdf': PDF,
};

test('nothing that was uploaded runs in our origin, however a page is made to ask for it', async ({
  journey,
}) => {
  const tab = await journey.signedInTab();
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    paths.push(join(journey.folder, name));
    await writeFile(join(journey.folder, name), text);
  }
  await tab.pick(paths);
  await tab.until(
    (count) => document.querySelectorAll('[data-upload][data-state=stored]').length === count,
    paths.length,
  );
  const outcome = await tab.evaluate(async () => {
    const asked: string[] = [];
    const { files } = await (await fetch('/api/files')).json();
    const settled = (element: HTMLElement) =>
      new Promise<void>((resolve) => {
        element.onload = () => resolve();
        element.onerror = () => resolve();
        setTimeout(resolve, 3000); // a frame that turns into a download says neither
        document.body.append(element);
      });
    const tries = files.flatMap(({ id, name }: { id: string; name: string }) =>
      ['', '?show=pdf'].flatMap((query) => {
        const address = `/api/files/${id}/content${query}`;
        asked.push(name + query);
        const script = Object.assign(document.createElement('script'), { src: address });
        const module = Object.assign(document.createElement('script'), { src: address, type: 'module' });
        const frame = Object.assign(document.createElement('iframe'), { src: address });
        const worker = navigator.serviceWorker.register(address).then(
          () => localStorage.setItem('ran', `worker ${name}`),
          () => {},
        );
        return [settled(script), settled(module), settled(frame), worker];
      }),
    );
    await Promise.all(tries);
    return { asked: asked.length, ran: localStorage.getItem('ran'), here: 'ran' in globalThis };
  });
  expect(outcome).toEqual({ asked: 2 * paths.length, ran: null, here: false });
});
