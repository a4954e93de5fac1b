import { execFile } from 'node:child_process';
import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';

const root = join(import.meta.dirname, '..');
/** What the build reads. */
const sources = [
  'app',
  'sw',
  'shared',
  'locales',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'vite.config.ts',
];

type Texts = { [key: string]: string | Texts };

/**
 * Builds the app into `folder` with a language that nobody speaks: each English text between `⟦` and `⟧`. What is
 * seen without these marks is no text of `locales/`. Returns the folder with the built app.
 */
export async function buildPseudo(folder: string): Promise<string> {
  for (const source of sources) await cp(join(root, source), join(folder, source), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const english = join(folder, 'locales', 'en.json');
  const texts = JSON.parse(await readFile(english, 'utf8')) as Texts;
  await writeFile(english, JSON.stringify(marked(texts)));
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: folder });
  return join(folder, 'dist');
}

/** What a person sees or hears on the page that is none of our texts, nor data, a number, or a language's name. */
export function unmarkedTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    /**
     * File names and contents, addresses, devices; languages; keys; what the log and builds are named by in all of them;
     * the words of the document itself, for when there are no texts.
     */
    const DATA =
      'bdi, pre, kbd, .tile, .thumb-type, .avatar, time, option[lang], code, .log li, [data-log-source] option:not([value=""]), #no-texts, #no-texts *';
    const NUMBER = /[\d.,]+\s?(bytes?|kB|MB|GB|TB)\b|\b[0-9a-f]{8,}\b/gu;
    const names = [...document.querySelectorAll('bdi')].map(({ textContent }) => textContent ?? '');
    const isForeign = (text: string) => {
      // From the first mark to the last: a text may stand in another.
      let rest = text.replace(/⟦.*⟧/su, '').replace(NUMBER, '');
      for (const name of names) rest = rest.replace(name, '');
      return /\p{L}/u.test(rest);
    };
    const hasTexts = document.querySelector('#no-texts[hidden]') !== null;
    const found = hasTexts && isForeign(document.title) ? [`title: ${document.title}`] : [];
    for (const element of document.body.querySelectorAll('*')) {
      if (element.closest(DATA) || !element.checkVisibility({ visibilityProperty: true })) continue;
      for (const name of ['aria-label', 'aria-valuetext', 'title', 'placeholder', 'alt']) {
        const value = element.getAttribute(name);
        if (value !== null && isForeign(value)) found.push(`${name}: ${value}`);
      }
      for (const { nodeType, textContent } of element.childNodes) {
        if (nodeType === Node.TEXT_NODE && isForeign(textContent ?? '')) found.push(textContent ?? '');
      }
    }
    return found;
  });
}

function marked(texts: Texts): Texts {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, typeof text === 'string' ? `⟦${text}⟧` : marked(text)]),
  );
}
